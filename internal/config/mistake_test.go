package config

import (
	"strings"
	"testing"
)

func TestMistakeLooksAsPromised(t *testing.T) {
	m := Mistake{
		Pos:  Pos{File: "lhrun.toml", Line: 4, Col: 21, Len: 7},
		Msg:  `service "api" waits for unknown service "cahce"`,
		Hint: `did you mean "cache" (line 12)?`,
		Line: `depends_on = ["db", "cahce"]`,
	}
	want := `lhrun.toml:4:21: service "api" waits for unknown service "cahce"
  4 | depends_on = ["db", "cahce"]
    |                     ^^^^^^^
hint: did you mean "cache" (line 12)?`
	if got := m.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := (Mistakes{m, m}).Error(); got != want+"\n\n"+want {
		t.Errorf("two are\n%s", got)
	}
	whole := Mistake{Pos: Pos{File: "lhrun.toml"}, Msg: "there are no services"}
	if got := whole.String(); got != "lhrun.toml: there are no services" {
		t.Errorf("of the whole file: %q", got)
	}
}

func TestCaretIsBelowItsToken(t *testing.T) {
	for _, test := range []struct {
		name, line, token, want string
	}{
		{"plain", "a = bad", "bad", "    ^^^"},
		{"at the start", "bad", "bad", "^^^"},
		{"tabs stay", "\ta\t= bad", "bad", "\t \t  ^^^"},
		{"wide", "a = '日本' bad", "bad", "           ^^^"},
		{"wide token", "x日本", "日本", " ^^^^"},
		{"combining", "e\u0301e\u0301 bad", "bad", "   ^^^"},
		{"zero width", "a\u200d bad", "bad", "  ^^^"},
		{"emoji", "😀 bad", "bad", "   ^^^"},
		{"accented", "é bad", "bad", "  ^^^"},
		{"half width", "ｱ bad", "bad", "  ^^^"},
		{"hangul", "한 bad", "bad", "   ^^^"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := strings.Index(test.line, test.token)
			src := newSource("x", []byte(test.line))
			if got := caret(test.line, src.pos(span{at, at + len(test.token)})); got != test.want {
				t.Errorf("got\n%s\n%s\nwant\n%s", test.line, got, test.want)
			}
		})
	}
}

func TestCaretOfAPlaceOutsideTheLine(t *testing.T) {
	for _, p := range []Pos{{Col: 0, Len: 0}, {Col: 9, Len: 3}, {Col: 2, Len: 100}, {Col: -1, Len: -1}} {
		if got := caret("abc", p); strings.Count(got, "^") < 1 || len(got) > 4 {
			t.Errorf("%+v: %q", p, got)
		}
	}
}

func TestSourceLineCannotSteerTheTerminal(t *testing.T) {
	m := Mistake{Pos: Pos{File: "Procfile", Line: 1, Col: 1, Len: 1}, Line: "a\x1b[2J\rb\tc"}
	if got := m.String(); strings.ContainsAny(got, "\x1b\r") || !strings.Contains(got, "\tc") {
		t.Errorf("got %q", got)
	}
}

func TestLongLinesAreShownAroundTheCaret(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		name, line, token, want string
	}{
		{"at the start", "bad" + long, "bad", "bad" + long[:157] + "…\n^^^"},
		{"at the end", long + "bad", "bad", "…" + long[:40] + "bad\n" + strings.Repeat(" ", 41) + "^^^"},
		{"between", long + "bad" + long, "bad", "…" + long[:40] + "bad" + long[:117] + "…\n" + strings.Repeat(" ", 41) + "^^^"},
		{"long itself", long + "bad" + long, "bad" + long[:200],
			"…" + long[:40] + "bad" + long[:117] + "…\n" + strings.Repeat(" ", 41) + strings.Repeat("^", 120)},
		{"of wide characters", strings.Repeat("日", 200) + "bad", "bad",
			"…" + strings.Repeat("日", 40) + "bad\n" + strings.Repeat(" ", 81) + "^^^"},
		{"just short enough", long[:157] + "bad", "bad", long[:157] + "bad\n" + strings.Repeat(" ", 157) + "^^^"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := strings.Index(test.line, test.token)
			src := newSource("x", []byte(test.line))
			line, p := excerpt(test.line, src.pos(span{at, at + len(test.token)}))
			if got := line + "\n" + caret(line, p); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// A place far into a long line is counted as everywhere, characters and not bytes.
func TestPlacesInALongLine(t *testing.T) {
	text := "\n" + strings.Repeat("aé日😀", 1000)
	src := newSource("x", []byte(text))
	col := 1
	for i := range text[1:] {
		if p := src.pos(span{1 + i, len(text)}); p.Line != 2 || p.Col != col || p.Len != 4001-col {
			t.Fatalf("byte %d is at %v+%d, want column %d", i, p, p.Len, col)
		}
		col++
	}
}
