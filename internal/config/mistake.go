package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/words"
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
		line, at := excerpt(m.Line, m.Pos)
		fmt.Fprintf(&b, "\n  %s | %s", number, strings.Map(printable, line))
		fmt.Fprintf(&b, "\n  %s | %s", strings.Repeat(" ", len(number)), caret(line, at))
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

// maxExcerpt bounds what is shown of a line, in characters.
const maxExcerpt = 160

// excerpt returns the part of a long line that p is in, and where p is in that part.
func excerpt(line string, p Pos) (string, Pos) {
	if len(line) <= maxExcerpt || utf8.RuneCountInString(line) <= maxExcerpt {
		return line, p
	}
	col := max(p.Col, 1) - 1
	from := 0
	if col+max(p.Len, 1) > maxExcerpt {
		from = max(0, col-maxExcerpt/4)
	}
	start := runeOffset(line, from)
	end := start + runeOffset(line[start:], maxExcerpt)
	p.Col, p.Len = col-from+1, min(p.Len, from+maxExcerpt-col)
	text := line[start:end]
	if start > 0 {
		text, p.Col = "…"+text, p.Col+1
	}
	if end < len(line) {
		text += "…"
	}
	return text, p
}

// runeOffset returns the byte at which character n of s begins, or the end of s.
func runeOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
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
		b.WriteString(strings.Repeat(" ", words.Columns(r)))
	}
	width := 0
	for _, r := range runes[start:min(start+max(p.Len, 1), len(runes))] {
		width += words.Columns(r)
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
