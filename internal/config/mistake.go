package config

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/lhrun/lhrun/internal/logs"
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
		b.WriteString(strings.Repeat(" ", logs.Columns(r)))
	}
	width := 0
	for _, r := range runes[start:min(start+max(p.Len, 1), len(runes))] {
		width += logs.Columns(r)
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
