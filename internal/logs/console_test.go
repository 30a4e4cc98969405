package logs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2026, 1, 2, 12, 34, 56, 789_000_000, time.Local)

func lines(t *testing.T, c *Console, service, block string) {
	t.Helper()
	if err := c.Lines(service, noon, []byte(block)); err != nil {
		t.Fatal(err)
	}
}

func prompt(t *testing.T, c *Console, service, text string) {
	t.Helper()
	if err := c.Preview(service, noon, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestOneStreamWithPaddedNames(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Names: []string{"api", "frontend"}})
	lines(t, c, "api", "one\n\ntwo\n")
	lines(t, c, "frontend", "three\r\n")
	lines(t, c, Self, "all is ready\n")
	lines(t, c, "unknown", "four") // its newline forgotten
	want := "api      | one\napi      | \napi      | two\nfrontend | three\nlhrun    | all is ready\nunknown  | four\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if out.n != 4 {
		t.Errorf("%d writes for 4 blocks", out.n)
	}
}

func TestEachNameHasAColourOfItsOwn(t *testing.T) {
	out := &screen{}
	names := []string{"a", "b", "c", "d", "e", "f"}
	c := NewConsole(out, ConsoleOptions{Names: names, Color: true})
	seen := map[string]string{}
	for range 2 {
		for _, name := range append(names, Self) {
			out.buf.Reset()
			lines(t, c, name, "text\n")
			m := regexp.MustCompile(`^(\x1b\[[\d;]+m)` + name + ` *\|\x1b\[0m text\n$`).FindStringSubmatch(out.String())
			if m == nil {
				t.Fatalf("got %q", out.String())
			}
			if other, ok := seen[m[1]]; ok && other != name {
				t.Errorf("%s and %s share a colour", name, other)
			}
			seen[m[1]] = name
		}
	}
	if len(seen) != len(names)+1 {
		t.Errorf("colours change: %v", seen)
	}
}

func TestColoursOfNamesAreReadableAndNoAlarm(t *testing.T) {
	linear := func(c int) float64 {
		v := float64(c) / 255
		if v <= 0.03928 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	levels := []int{0, 95, 135, 175, 215, 255}
	for _, name := range palette {
		n, err := strconv.Atoi(name)
		if err != nil || n < 16 || n > 231 {
			t.Fatalf("%s is no colour of the cube", name)
		}
		r, g, b := levels[(n-16)/36], levels[(n-16)/6%6], levels[(n-16)%6]
		light := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
		if onWhite, onBlack := 1.05/(light+0.05), (light+0.05)/0.05; min(onWhite, onBlack) < 4 {
			t.Errorf("%s has a contrast of %.1f on white and %.1f on black", name, onWhite, onBlack)
		}
		if r >= b && r > 0 { // red, orange, yellow; what has as much blue is violet
			if r != b || g >= r {
				t.Errorf("%s looks like an alarm", name)
			}
		}
	}
}

func TestTimeIsAdded(t *testing.T) {
	out := &screen{}
	lines(t, NewConsole(out, ConsoleOptions{Time: true}), "lhrun", "one\ntwo\n")
	if want := "12:34:56.789 lhrun | one\n12:34:56.789 lhrun | two\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestEscapesAreTakenOut(t *testing.T) {
	const red, off = "\x1b[31m", "\x1b[0m"
	tests := []struct{ name, in, plain, coloured string }{
		{"text", "a\tb", "a\tb", "a\tb"},
		{"colour", red + "x" + off + "y", "xy", red + "x" + off + "y"},
		{"colour not reset", red + "x", "x", red + "x" + off},
		{"short reset", red + "x\x1b[m", "x", red + "x\x1b[m"},
		{"256 and true colours", "\x1b[38;5;9mx\x1b[38:2::1:2:3my", "xy", "\x1b[38;5;9mx\x1b[38:2::1:2:3my" + off},
		{"clear screen", "\x1b[2J\x1b[Hx", "x", "x"},
		{"reset terminal", "\x1bcx", "x", "x"},
		{"title", "\x1b]0;evil\ax\x1b]2;evil\x1b\\y", "xy", "xy"},
		{"title without an end", "x\x1b]0;evil", "x", "x"},
		{"title cut by a sequence", "x\x1b]0;evil\x1b[31my", "xy", "x" + red + "y" + off},
		{"clipboard", "\x1b]52;c;Zm9v\ax", "x", "x"},
		{"device control", "\x1bPq#0\x1b\\x", "x", "x"},
		{"application command", "\x1b_G\x1b\\x", "x", "x"},
		{"privacy message", "\x1b^p\x1b\\x", "x", "x"},
		{"start of string", "\x1bXs\x1b\\x", "x", "x"},
		{"character set", "\x1b(0x\x1b)Bx\x1b%Gx\x1b#8x", "xxxx", "xxxx"},
		{"cursor", "\x1b7\x1b[5A\x1b[10;10Hx\x1b8\x1bM", "x", "x"},
		{"alternate screen", "\x1b[?1049hx\x1b[?25l", "x", "x"},
		{"key modes end in m too", "\x1b[>4;1mx\x1b[?4m", "x", "x"},
		{"intermediates", "\x1b[4 qx\x1b[!p", "x", "x"},
		{"unfinished", "x\x1b", "x", "x"},
		{"unfinished parameters", "x\x1b[31", "x", "x"},
		{"unfinished character set", "x\x1b(", "x", "x"},
		{"escape twice", "\x1b\x1b[2Jx", "x", "x"},
		{"control inside", "\x1b[2\x01Jx", "Jx", "Jx"},
		{"two-byte CSI", "\u009b2Jx\u009b31my", "xy", "x" + red + "y" + off},
		{"two-byte OSC", "\u009d0;evil\u009cx", "x", "x"},
		{"C1 that is none", "a\u0086b", "ab", "ab"},
		{"one-byte CSI", "a\x9b2Jb", "a\uFFFD2Jb", "a\uFFFD2Jb"},
		{"joined to a C1", "\xc2\x01\x9b2J", "\xc2\uFFFD2J", "\xc2\uFFFD2J"},
		{"bell, delete, feeds", "a\a\x7f\v\f\x00b", "ab", "ab"},
		{"shift out", "a\x0eb\x0f", "ab", "ab"},
		{"UTF-8", "grüße 🦊", "grüße 🦊", "grüße 🦊"},
		{"latin-1 stays", "gr\xfc\xdfe", "gr\xfc\xdfe", "gr\xfc\xdfe"},
		{"CRLF", "x\r", "x", "x"},
		{"only escapes", "\x1b[2J", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(appendLine(nil, []byte("api | "), []byte(tt.in), false)); got != "api | "+tt.plain+"\n" {
				t.Errorf("plain: got %q, want %q", got, tt.plain)
			}
			if got := string(appendLine(nil, []byte("api | "), []byte(tt.in), true)); got != "api | "+tt.coloured+"\n" {
				t.Errorf("coloured: got %q, want %q", got, tt.coloured)
			}
		})
	}
}

func TestNoEscapeEverGoesIntoAPipe(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Names: []string{"api"}, Time: true})
	lines(t, c, "api", "\x1b[31mred\x1b[0m\n\x1b[2Jx\n")
	prompt(t, c, "api", "\x1b[31mName? ")
	c.Live([]string{"a live line"})
	lines(t, c, Self, "x\n")
	if err := c.Close(); err != nil || strings.ContainsAny(out.String(), "\x1b\r") {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestAPromptIsCompletedInPlace(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Time: true})
	prompt(t, c, "lhrun", "Na")
	prompt(t, c, "lhrun", "Name? ")
	if err := c.Lines("lhrun", noon.Add(time.Hour), []byte("Name? bob\nnext\n")); err != nil {
		t.Fatal(err)
	}
	if want := "12:34:56.789 lhrun | Name? bob\n13:34:56.789 lhrun | next\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestAnInterruptedPromptComesAgainWhole(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Names: []string{"api"}, Color: true})
	c.heads = map[string]string{"api": "api | ", Self: "lhrun | "}
	prompt(t, c, "api", "\x1b[1mName? ")
	lines(t, c, Self, "hello\n")
	lines(t, c, "api", "\x1b[1mName? bob\n")
	want := "api | \x1b[1mName? …\x1b[0m\nlhrun | hello\napi | \x1b[1mName? bob\x1b[0m\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestTwoPromptsDoNotMix(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Names: []string{"a", "b"}})
	prompt(t, c, "a", "1? ")
	prompt(t, c, "b", "2? ")
	lines(t, c, "a", "1? yes\n")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "a     | 1? …\nb     | 2? …\na     | 1? yes\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestCloseEndsAnOpenLine(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{Names: []string{"lhrun"}})
	prompt(t, c, "lhrun", "Name? ")
	if err := c.Close(); err != nil || out.String() != "lhrun | Name? \n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestAWriteErrorStaysAndIsTold(t *testing.T) {
	r, w := pipe(t)
	_ = r.Close()
	defer w.Close()
	c := NewConsole(w, ConsoleOptions{})
	select {
	case <-c.Failed():
		t.Fatal("failed before anything was written")
	default:
	}
	first := c.Lines("api", noon, []byte("x\n"))
	<-c.Failed()
	if second := c.Lines("api", noon, []byte("y\n")); first == nil || !errors.Is(second, first) || !errors.Is(c.Err(), first) {
		t.Errorf("got %v, then %v, %v", first, second, c.Err())
	}
	if c.Close() == nil || c.Preview("api", noon, []byte("x")) == nil {
		t.Error("Close or Preview forgot the error")
	}
}

func TestManyServicesWriteAtOnceLineByLine(t *testing.T) {
	out := &screen{}
	c := NewConsole(out, ConsoleOptions{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				if n%50 == 0 {
					_ = c.Preview(fmt.Sprint(i), noon, []byte("line"))
				}
				_ = c.Lines(fmt.Sprint(i), noon, []byte("line\nline\n"))
			}
		})
	}
	wg.Wait()
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	whole := 0
	for _, line := range got {
		if strings.HasSuffix(line, "| line") {
			whole++
		} else if !strings.HasSuffix(line, "| line…") {
			t.Fatalf("got %q", line)
		}
	}
	if whole != 8*400 {
		t.Errorf("%d lines", whole)
	}
}

// FuzzSanitizer: whatever a service writes, a line stays behind its name.
func FuzzSanitizer(f *testing.F) {
	for _, s := range []string{"a\x1b[31mb", "\x1b]0;t\a", "\u009b2J", "\xc2\x1b[m\x9b", "a\rb", "\x1b[>4m", "k\xc3\xb6ln"} {
		f.Add([]byte(s), uint(2))
	}
	sgr := regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	f.Fuzz(func(t *testing.T, in []byte, at uint) {
		in = bytes.ReplaceAll(in, []byte{'\n'}, nil)
		for _, colour := range []bool{false, true} {
			got := appendLine(nil, []byte("api | "), in, colour)
			for line := range bytes.SplitSeq(bytes.TrimSuffix(got, []byte{'\n'}), []byte{'\n'}) {
				if !bytes.HasPrefix(line, []byte("api | ")) {
					t.Fatalf("line without a name: %q", line)
				}
			}
			rest := got
			if colour {
				if sgr.Match(rest) && !regexp.MustCompile(`\x1b\[0?m`).Match(rest) {
					t.Fatalf("not reset: %q", rest)
				}
				rest = sgr.ReplaceAll(rest, nil)
			}
			for i, r := range string(rest) {
				if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError && rest[i] >= 0x80 && rest[i] < 0xa0 {
					t.Fatalf("%q left of %q", rest, in)
				}
			}
			if bytes.IndexByte(in, '\r') >= 0 {
				continue
			}
			once := appendText(nil, in, colour)
			if twice := appendText(nil, once, colour); !bytes.Equal(once, twice) {
				t.Fatalf("%q becomes %q, then %q", in, once, twice)
			}
			// A preview is the beginning of what the whole line will be.
			whole, state := appendOpen(nil, in, colour)
			begin, _ := appendOpen(nil, trimTorn(in[:at%uint(len(in)+1)]), colour)
			if !state.scattered && utf8.Valid(in) && !bytes.HasPrefix(whole, begin) {
				t.Fatalf("preview %q of %q", begin, whole)
			}
			if plain(in) && !bytes.Equal(once, in) {
				t.Fatalf("plain %q becomes %q", in, once)
			}
		}
	})
}

func TestPlainAgreesWithTheSlowWay(t *testing.T) {
	for c := range 256 {
		for at := range 41 {
			b := []byte("ab cd ef~ab cd ef~ab cd ef~ab cd ef~ab cd")
			b[at] = byte(c)
			want := c >= 0x20 && c < 0x7f || c == '\t' || c == '\n'
			if plain(b) != want {
				t.Errorf("%q: got %v", b, !want)
			}
		}
	}
}
