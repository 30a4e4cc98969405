package logs

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
)

// Each program that goes back in its line draws it again: what counts is what a terminal
// shows in the end.
func TestALineIsWhatATerminalShowsOfIt(t *testing.T) {
	const red, green, off = "\x1b[31m", "\x1b[32m", "\x1b[0m"
	for _, tt := range []struct{ name, in, want string }{
		{"carriage returns", "10%\r20%\r100%", "100%"},
		{"a carriage return at either end", "\rone\r\r", "one"},
		{"a shorter text leaves the end", "building\rdone", "doneding"},
		{"erased to the end", "building\rdone\x1b[K", "done"},
		{"erased before", "building\r\x1b[Kdone", "done"},
		{"erased whole, cursor left there", "abc\x1b[2K\x1b[Gx", "x"},
		{"erased whole, cursor not moved", "abc\x1b[2Kx", "   x"},
		{"erased to the cursor", "abcdef\x1b[3D\x1b[1K", "    ef"},
		{"column 1", "10%\x1b[1G20%\x1b[0G30%\x1b[G40%", "40%"},
		{"a column to the right", "ok\x1b[10Gdone", "ok       done"},
		{"backspaces", "wait |\b/\b-\b\\\bdone", "wait done"},
		{"backspaces beyond the beginning", "a\b\b\bxy", "xy"},
		{"cursor left and right", "step 1 of 9\x1b[6D2\x1b[5C!", "step 2 of 9!"},
		{"characters deleted", "abcdef\r\x1b[2P", "cdef"},
		{"characters erased", "abcdef\r\x1b[2X", "  cdef"},
		{"room made", "cdef\r\x1b[2@ab", "abcdef"},
		{"a name is never written over", "mine\rdb    | forged", "db    | forged"},
		{"wide characters", "日本語\r12", "12本語"},
		{"half of a wide character", "日本\r1", "1 本"},
		{"marks combine", "xy\re\u0301", "e\u0301y"},
		{"tabs", "a\tb\r\tc", "a\tc"},
		{"latin-1 stays", "gr\xfc\rGR", "GR\xfc"},
		{"a cursor far away", "\x1b[999999999Gx", strings.Repeat(" ", maxJump-1) + "x"},
		{"one drawn, one erased", "x\r\x1b[K", ""},
		{"rows", "one\x1b[Btwo\x1b[Athree", "one   three\n   two"},
		{"rows above", "b\x1b[A\rA\x1b[2A\rAA", "AA\nA\nb"},
		{"next line", "a\u0085b", "a\nb"},
		{"a screen that is cleared", "red \x1b[2Jend", "red end"},
		{"screens", "one\x1b[2J\x1b[Htwo\x1b[5;1Hthree", "one\ntwo\nthree"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := string(appendLine(nil, []byte("| "), []byte(tt.in), false))
			if want := "| " + strings.ReplaceAll(tt.want, "\n", "\n| ") + "\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	for in, want := range map[string]string{
		red + "10%\r" + green + "20%":                   "\x1b[31;32m20%" + off,
		red + "abc" + off + "def\rx":                    "x" + red + "bc" + off + "def",
		"\x1b[1;31mabc\r\x1b[0;4mx":                     "\x1b[4mx" + off + "\x1b[1;31mbc" + off,
		red + "\x1b[1ma\rb\x1b[K":                       "\x1b[31;1mb" + off,
		"plain\r" + red + "\x1b[Kred\x1b[m and not red": red + "red" + off + " and not red",
	} {
		if got := string(appendLine(nil, nil, []byte(in), true)); got != want+"\n" {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// typist gives a console what comes in steps, as a Stream does.
type typist struct {
	t     *testing.T
	c     *Console
	split splitter
}

// types lets so much time pass after each step.
func (w *typist) types(pause time.Duration, steps ...string) {
	w.t.Helper()
	for _, text := range steps {
		at := time.Now()
		buf := append(append([]byte(nil), w.split.pending...), text...)
		w.split.feed(append(buf, 0)[:len(buf)], func(block []byte) { lines(w.t, w.c, "a", string(block)) })
		left := pause
		if redraws(w.split.pending) && pause > redrawEvery {
			time.Sleep(redrawEvery)
			left -= redrawEvery
		} else if pause > previewAfter {
			time.Sleep(previewAfter)
			left -= previewAfter
		}
		if len(w.split.pending) > 0 && left < pause {
			if err := w.c.Preview("a", at, w.split.pending); err != nil {
				w.t.Fatal(err)
			}
		}
		time.Sleep(left)
	}
}

func bar(format string, n int) (steps []string) {
	for i := range n {
		steps = append(steps, fmt.Sprintf(format, i))
	}
	return steps
}

func TestABarIsOneLineInAPipe(t *testing.T) {
	for name, format := range map[string]string{
		"carriage return before": "\r%d%%", "carriage return behind": "%d%%\r", "erased": "\x1b[2K\x1b[1G%d%%",
		"column": "\x1b[G%d%%\x1b[K", "from the line above": "\x1b[2K%d%%\r",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &screen{}
				c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
				a := &typist{t: t, c: c}
				a.types(300*time.Millisecond, append(bar(format, 101), "\n", "next\n")...)
				if got, want := out.String(), "a     | 100%\na     | next\n"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if err := c.Close(); err != nil || strings.Count(out.String(), "\n") != 2 {
					t.Errorf("%v, %q", err, out.String())
				}
			})
		})
	}
}

// However slowly it moves: what stands still is shown, and less and less of it.
func TestASlowBarIsAFewLinesInAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
		a := &typist{t: t, c: c}
		a.types(3*time.Second, append(bar("\r%d%%", 101), "\n")...)
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(got) > 6 || got[0] != "a     | 0%…" || got[len(got)-1] != "a     | 100%" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAPromptThatIsRedrawnIsShownWithin500Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
		a := &typist{t: t, c: c}
		a.types(previewAfter, "\x1b[?25l\x1b[2K\x1b[1G? Name ›")
		time.Sleep(250*time.Millisecond - 1)
		synctest.Wait()
		if out.String() != "a     | ? Name ›" {
			t.Errorf("got %q", out.String())
		}
		a.types(previewAfter, " bob\n")
		if out.String() != "a     | ? Name › bob\n" {
			t.Errorf("got %q", out.String())
		}
		_ = c.Close()
	})
}

func TestABarMovesBelowTheStreamOfATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Names: []string{"a"}, Terminal: true, Width: func() int { return 20 }})
		a := &typist{t: t, c: c}
		const step = 300 * time.Millisecond
		a.types(step, "0%")
		shows(t, out, "a     | 0%")
		a.types(step, "\r1%")
		lines(t, c, "lhrun", "hello\n")
		time.Sleep(time.Second)
		shows(t, out, "lhrun | hello", "a     | 1%")
		c.Live([]string{"live"})
		a.types(step, "\r2% and much too long for it")
		shows(t, out, "lhrun | hello", "a     | 2% and m…", "live")
		c.Live(nil)
		time.Sleep(time.Second)
		shows(t, out, "lhrun | hello", "a     | 2% and m…")
		lines(t, c, "a", "0%\r1%\r2%\x1b[K\n")
		time.Sleep(time.Second)
		shows(t, out, "lhrun | hello", "a     | 2%", "")
		_ = c.Close()
	})
}

// Rows that are drawn again are lines when they are final.
func TestRowsDrawnAgainAreLinesOnceEach(t *testing.T) {
	frame := func(up string, n int) string {
		return fmt.Sprintf("%sone %d\x1b[K\ntwo %d\x1b[K\n", up, n, n)
	}
	var above, erased, down []string
	for i := range 20 {
		first := map[bool]string{true: ""}
		above = append(above, frame(orElse(first, i == 0, "\x1b[2A"), i))
		erased = append(erased, frame(orElse(first, i == 0, "\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[G"), i))
		down = append(down, fmt.Sprintf("\rone %d\x1b[1B\rtwo %d\x1b[1A", i, i))
	}
	for name, steps := range map[string][]string{"above": above, "erased": erased, "down": append(down, "\x1b[1B\n")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &screen{}
				c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
				a := &typist{t: t, c: c}
				a.types(100*time.Millisecond, append(steps, "done\n")...)
				time.Sleep(time.Second)
				got := strings.ReplaceAll(out.String(), "a     | ", "")
				got = strings.TrimPrefix(got, "one 0\ntwo 0\n") // nothing said yet that they would change
				if got != "one 19\ntwo 19\ndone\n" {
					t.Errorf("got %q", got)
				}
				_ = c.Close()
			})
		})
	}
}

func orElse(m map[bool]string, key bool, other string) string {
	if text, ok := m[key]; ok {
		return text
	}
	return other
}

func TestAScreenOfBlankLinesIsAPartOfClearingIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blanks := strings.Repeat("\r\n", 30)
		for _, steps := range [][]string{
			{blanks + "\x1b[1;1H\x1b[0Jready\n"}, {blanks, "\x1b[1;1H", "\x1b[0J", "ready\n"}, {"\n" + blanks, "\x1b[2J\x1b[Hready\n"},
		} {
			out := &screen{}
			c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
			a := &typist{t: t, c: c}
			a.types(time.Millisecond, steps...)
			if out.String() != "a     | ready\n" {
				t.Errorf("%q: got %q", steps, out.String())
			}
			_ = c.Close()
		}
		for _, steps := range [][]string{{blanks + "text\n"}, {blanks, "text\n"}, {blanks}, {"\n\n\x1b[2Jtext\n"}, {"\n\n", "text\n"}} {
			out := &screen{}
			c := NewConsole(out, ConsoleOptions{Names: []string{"a"}})
			a := &typist{t: t, c: c}
			a.types(time.Millisecond, steps...)
			time.Sleep(time.Second)
			if want := strings.Count(strings.Join(steps, ""), "\n"); strings.Count(out.String(), "\n") != want {
				t.Errorf("%q: got %q", steps, out.String())
			}
			_ = c.Close()
		}
	})
}

func TestALineDrawnOverIsFoundByEachTextItHasShown(t *testing.T) {
	s := NewStream(StreamOptions{Service: "api"})
	var seen []string
	s.OnLine(func(line []byte) { seen = append(seen, string(line)) })
	s.deliver(time.Now(), []byte("\x1b[?25l\x1b[1G\x1b[K⠋ Building\x1b[1G\x1b[2KBuilt\x1b[1G\x1b[2KWatching\n\x1b[31mred\x1b[m\r\n"))
	if got, want := strings.Join(seen, "|"), "⠋ Building|Built|Watching|\x1b[31mred\x1b[m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	built := regexp.MustCompile("^Watching$")
	if p := NewPattern(built); !p.Match([]byte("Building\rWatching")) || p.Match([]byte("Watching\rBuilding")) {
		t.Error("a line is found by what it was, or not by what it is")
	}
}

// A program that waits behind what it draws never ends its line.
func TestALineThatIsRedrawnAndNeverEndsIsSeen(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	defer master.Close()
	s := NewStream(StreamOptions{Service: "api"})
	seen := make(chan string, 100)
	s.OnLine(func(line []byte) { seen <- string(line) })
	done := start(s, master)
	fmt.Fprint(slave, "⠋ Building\x1b[2K\x1b[1GBuilt")
	select {
	case line := <-seen:
		if line != "Built" {
			t.Errorf("got %q", line)
		}
	case <-time.After(20 * time.Second):
		t.Error("never seen")
	}
	_ = slave.Close()
	<-done
}

// ESC [ ? 25 h, with which many programs end, is no line.
func TestAnEndThatShowsNothingIsNoLine(t *testing.T) {
	store := openStore(t, t.TempDir(), StoreOptions{})
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Log: openLog(t, store, "api"), Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	fmt.Fprint(w, "\x1b[?25lone\n\x1b[m\n\x1b[?25h")
	_ = w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][]string{"sink": sink.all(), "disk": readAll(t, store, "api", Query{})} {
		if len(got) != 2 {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

// What a spinner of hours has written over is no line, in pieces, of its own.
func TestASpinnerWithoutEndIsOneLineInTheSinkAndOnDisk(t *testing.T) {
	for _, frame := range []string{"\r%07d", "%07d\r", "\x1b[2K\x1b[1G%07d\x1b[K", "\x1b[G%07d"} {
		store := openStore(t, t.TempDir(), StoreOptions{})
		sink := newRecorder()
		s := NewStream(StreamOptions{Service: "api", Log: openLog(t, store, "api"), Sink: sink})
		r, w := pipe(t)
		done := start(s, r)
		for i := range 40_000 {
			fmt.Fprintf(w, frame, i)
		}
		fmt.Fprint(w, "\nnext\n")
		_ = w.Close()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		for what, got := range map[string][]string{"sink": sink.all(), "disk": readAll(t, store, "api", Query{})} {
			if len(got) != 2 || got[1] != "next" || string(appendText(nil, []byte(got[0]), false)) != "0039999" {
				t.Errorf("%s: %d lines, the first of %d bytes", what, len(got), len(got[0]))
			}
		}
	}
}

// A line of the longest kind whose every byte moves something is drawn all the same, in
// bounded time and memory.
func TestHostileDrawingIsBounded(t *testing.T) {
	wide := strings.Repeat("x", maxLine/2)
	for _, tt := range []struct{ begin, step string }{
		{"", "\x1b[999C"}, {"", "\x1b[999Cx"}, {wide + "\r", "\x1b[@"}, {wide + "\r", "\x1b[P"}, {wide, "\b\x1b[1K"}, {wide, "a\b"}, {wide + "\r", "x\x1b[9C"},
		{"", "\x1b[A"}, {"", "\x1b[9A\x1b[9Bx"}, {"", "\x1b[Hx"}, {"", "\x1b[999Bx\x1b[999A\x1b[J"}, {"日本\t", "\b\b日\t\x1b[G"}, {"", "e\u0301"}, {"", "\x1b[1mx\r"},
	} {
		line := tt.begin + strings.Repeat(tt.step, (maxLine-len(tt.begin))/len(tt.step))
		began := time.Now()
		c := newCanvas()
		c.draw([]byte(line))
		if c.cells > 2*maxCells+maxJump || len(c.rows) > maxRows {
			t.Errorf("%q: %d cells in %d rows", tt.step, c.cells, len(c.rows))
		}
		eachState([]byte(line), func([]byte) {})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q: took %v", tt.step, took)
		} else if took > 100*time.Millisecond {
			t.Logf("%q: took %v", tt.step, took)
		}
	}
}

// FuzzCanvas: whatever is drawn, in memory that is bounded, text alone comes out.
func FuzzCanvas(f *testing.F) {
	for _, s := range []string{"10%\r20%", "\x1b[3A\x1b[2Kx\n\n\ny", "日\b\bx\t\x1b[2P\x1b[3@", "\x1b[H\x1b[J\x1bM\x1b8e\u0301", "\x1b[31ma\x1b[1;2m\rb\x1b[2X", "\x1b[999999A\x1b[999999G!"} {
		f.Add([]byte(s), uint8(3))
	}
	sgr := regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		var out bytes.Buffer
		c := NewConsole(&out, ConsoleOptions{Bare: true, Color: step%2 == 0, Terminal: false})
		r := c.redrawOf("a")
		for rest := in; len(rest) > 0; {
			n := min(len(rest), int(step)+1)
			if err := c.Lines("a", noon, rest[:n]); err != nil {
				t.Fatal(err)
			}
			_ = c.Preview("a", noon, rest[:n])
			if r.canvas != nil && (r.canvas.cells > 2*maxCells || len(r.canvas.rows) > maxRows) {
				t.Fatalf("%d rows of %d cells", len(r.canvas.rows), r.canvas.cells)
			}
			rest = rest[n:]
		}
		if err := c.Close(); err != nil || r.holds() {
			t.Fatal(err)
		}
		if text := sgr.ReplaceAll(out.Bytes(), nil); bytes.ContainsAny(text, "\x1b\r\b\a\x00") {
			t.Fatalf("%q left of %q", text, in)
		}
		if plain(in) {
			want := bytes.ReplaceAll(in, []byte{'\n'}, nil)
			if got := bytes.ReplaceAll(out.Bytes(), []byte{'\n'}, nil); step == 255 && !bytes.HasPrefix(got, want) {
				t.Fatalf("%q becomes %q", in, got)
			}
		}
	})
}

// FuzzStates: the texts of a line are found, and the last of them is what it is.
func FuzzStates(f *testing.F) {
	f.Add([]byte("10%\r20%\b\b\bx"))
	f.Fuzz(func(t *testing.T, in []byte) {
		in = bytes.ReplaceAll(in, []byte{'\n'}, nil)
		n := 0
		eachState(in, func([]byte) { n++ })
		if len(in) > 0 && plain(in) && n != 1 {
			t.Fatalf("%d states of %q", n, in)
		}
	})
}
