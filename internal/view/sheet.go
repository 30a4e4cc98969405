package view

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/words"
)

// Sheet is how facts are laid out: for a terminal of so many columns and rows,
// or, with width 0, for a pipe, where nothing is cut.
type Sheet struct {
	Width, Height int
	Color         bool
}

// Paint puts a colour around text where the sheet shows colours.
func (s Sheet) Paint(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// cut shortens text to what is left of a line behind used columns.
func (s Sheet) cut(text string, used int) string {
	if s.Width == 0 {
		return text
	}
	return words.Fit(logs.OneLine(text), max(1, s.Width-used))
}

// Pad fills text with spaces up to width. It counts colour sequences as text.
func Pad(text string, width int, right bool) string {
	fill := strings.Repeat(" ", max(0, width-len([]rune(text))))
	if right {
		return fill + text
	}
	return text + fill
}

// Table pads each column to its widest cell, two spaces apart, and returns the
// lines without trailing spaces.
func Table(rows [][]string) []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // A strings.Builder takes everything.
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return lines
}
