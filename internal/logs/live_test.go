package logs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// terminal shows what a terminal would after out: enough of one for live lines.
func terminal(out string) []string {
	rows := [][]rune{nil}
	row, col := 0, 0
	for i := 0; i < len(out); {
		r := []rune(out[i:])[0]
		switch {
		case strings.HasPrefix(out[i:], "\x1b[J"):
			rows = rows[:row+1]
			rows[row] = rows[row][:min(col, len(rows[row]))]
			i += 3
			continue
		case r == 0x1b:
			n, end := 0, i+2
			for ; unicode.IsDigit(rune(out[end])); end++ {
				n = 10*n + int(out[end]-'0')
			}
			if out[end] == 'A' {
				row -= n
			}
			i = end + 1
			continue
		case r == '\r':
			col = 0
		case r == '\n':
			row, col = row+1, 0
			if row == len(rows) {
				rows = append(rows, nil)
			}
		default:
			rows[row] = append(rows[row][:col], r)
			col++
		}
		i += len(string(r))
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, string(r))
	}
	return lines
}

func shows(t *testing.T, out *screen, want ...string) {
	t.Helper()
	if got := terminal(out.String()); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the terminal shows\n%s\nwant\n%s\nof %q", strings.Join(got, "\n"), strings.Join(want, "\n"), out.String())
	}
}

func TestLiveLinesStayBelowTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Terminal: true, Width: func() int { return 22 }})
		c.Live([]string{"api ready", "a line that is far too long"})
		shows(t, out, "api ready", "a line that is far…")
		time.Sleep(time.Second)
		lines(t, c, "lhrun", "one\n")
		shows(t, out, "lhrun | one", "api ready", "a line that is far…")
		lines(t, c, "lhrun", "two\n") // too soon: drawn a little later
		shows(t, out, "lhrun | one", "lhrun | two", "")
		time.Sleep(time.Second)
		shows(t, out, "lhrun | one", "lhrun | two", "api ready", "a line that is far…")
		c.Live([]string{"done"})
		shows(t, out, "lhrun | one", "lhrun | two", "done")
		c.Live(nil)
		lines(t, c, "lhrun", "three\n")
		shows(t, out, "lhrun | one", "lhrun | two", "lhrun | three", "")
	})
}

func TestAFastStreamDrawsLiveLinesNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Terminal: true})
		c.Live([]string{"live"})
		for range 1000 {
			lines(t, c, "lhrun", "text\n")
			time.Sleep(time.Millisecond)
		}
		if n := strings.Count(out.String(), "live"); n < 10 || n > 30 {
			t.Errorf("drawn %d times in a second", n)
		}
		c.Live(nil)
		time.Sleep(time.Second)
		if err := c.Close(); err != nil || strings.Contains(terminal(out.String())[1000], "live") {
			t.Errorf("%v, %q", err, terminal(out.String())[1000])
		}
	})
}

func TestAPromptStaysAboveLiveLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Names: []string{"a"}, Terminal: true})
		prompt(t, c, "a", "1? ")
		c.Live([]string{"live"})
		shows(t, out, "a     | 1? …", "live")
		time.Sleep(time.Second)
		prompt(t, c, "a", "1? 2? ")
		shows(t, out, "a     | 1? …", "a     | 1? 2? ", "live")
		time.Sleep(time.Second)
		lines(t, c, "lhrun", "x\n")
		shows(t, out, "a     | 1? …", "lhrun | x", "a     | 1? 2? ", "live")
		time.Sleep(time.Second)
		lines(t, c, "a", "1? 2? 3\n")
		shows(t, out, "a     | 1? …", "lhrun | x", "a     | 1? 2? 3", "live")
		prompt(t, c, "a", "4? ")
		c.Live(nil)
		shows(t, out, "a     | 1? …", "lhrun | x", "a     | 1? 2? 3", "a     | 4? ", "")
	})
}

func TestOneLineHoldsNothingThatMovesTheCursor(t *testing.T) {
	if got := OneLine("\x1b[2Ja\tb\nc\x07\x1b[31md"); got != "a b cd" {
		t.Errorf("got %q", got)
	}
}

func TestWipeTakesTheEchoOfAKeyAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		c := NewConsole(out, ConsoleOptions{Terminal: true, Width: func() int { return 40 }})
		lines(t, c, "lhrun", "one\n")
		_, _ = out.Write([]byte("^C"))
		c.Wipe()
		lines(t, c, "lhrun", "stopping\n")
		shows(t, out, "lhrun | one", "lhrun | stopping", "")
		c.Live([]string{"api ready"})
		_, _ = out.Write([]byte("^C"))
		c.Wipe()
		c.Live(nil)
		lines(t, c, "lhrun", "killing\n")
		shows(t, out, "lhrun | one", "lhrun | stopping", "lhrun | killing", "")
		if err := c.Preview("api", time.Now(), []byte("Name? ")); err != nil {
			t.Fatal(err)
		}
		c.Wipe() // no prompt is wiped
		shows(t, out, "lhrun | one", "lhrun | stopping", "lhrun | killing", "api   | Name? ")

		pipe := &screen{}
		NewConsole(pipe, ConsoleOptions{}).Wipe()
		if pipe.String() != "" {
			t.Errorf("%q went into a pipe", pipe.String())
		}
	})
}
