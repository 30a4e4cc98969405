package config

import (
	"fmt"
	"strings"
	"unicode"
)

// Mistake is one thing wrong in a file that somebody wrote.
type Mistake struct {
	// Pos has Line 0 when the whole file is meant.
	Pos  Pos
	Msg  string
	Hint string
	// Line is the source line of Pos, without its end.
	Line string
}

// Mistakes is the error of a file that was read but is not right: all of its
// mistakes, in the order of the file.
type Mistakes []Mistake

// Error returns every mistake with its source line, a caret and its hint, a blank
// line between two of them and none at the end.
func (ms Mistakes) Error() string {
	texts := make([]string, len(ms))
	for i, m := range ms {
		texts[i] = m.String()
	}
	return strings.Join(texts, "\n\n")
}

// String returns m in one to four lines:
//
//	lhrun.toml:2:8: port 99999 is not between 1 and 65535
//	  2 | port = 99999
//	    |        ^^^^^
//	hint: …
func (m Mistake) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", m.Pos, m.Msg)
	if m.Pos.Line > 0 && m.Line != "" {
		number := fmt.Sprint(m.Pos.Line)
		fmt.Fprintf(&b, "\n  %s | %s", number, strings.Map(printable, m.Line))
		fmt.Fprintf(&b, "\n  %s | %s", strings.Repeat(" ", len(number)), caret(m.Line, m.Pos))
	}
	if m.Hint != "" {
		b.WriteString("\nhint: " + m.Hint)
	}
	return b.String()
}

// String returns file:line:col, or the file alone where p names no line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// caret returns the line below line that underlines p. Tabs stay tabs, so it
// lines up whatever width the terminal gives them.
func caret(line string, p Pos) string {
	var b strings.Builder
	runes := []rune(line)
	start := min(max(p.Col-1, 0), len(runes))
	for _, r := range runes[:start] {
		if r == '\t' {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Repeat(" ", cells(r)))
	}
	width := 0
	for _, r := range runes[start:min(start+max(p.Len, 1), len(runes))] {
		width += cells(r)
	}
	return b.String() + strings.Repeat("^", max(width, 1))
}

// printable keeps a file from steering the terminal that shows its lines.
func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\t' {
		return unicode.ReplacementChar
	}
	return r
}

// cells returns how many columns of a terminal r takes.
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the characters of East Asian width W and F, and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x231a, Hi: 0x231b, Stride: 1},
		{Lo: 0x23e9, Hi: 0x23ec, Stride: 1}, {Lo: 0x2614, Hi: 0x2615, Stride: 1},
		{Lo: 0x26a1, Hi: 0x26a1, Stride: 1}, {Lo: 0x2705, Hi: 0x2705, Stride: 1},
		{Lo: 0x2728, Hi: 0x2728, Stride: 1}, {Lo: 0x274c, Hi: 0x274c, Stride: 1},
		{Lo: 0x2753, Hi: 0x2757, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0x33ff, Stride: 1}, {Lo: 0x3400, Hi: 0x4dbf, Stride: 1},
		{Lo: 0x4e00, Hi: 0x9fff, Stride: 1}, {Lo: 0xa000, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff01, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe0, Hi: 0x18cff, Stride: 1}, {Lo: 0x1b000, Hi: 0x1b2ff, Stride: 1},
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x1fa70, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}
