package cli

import (
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/lhrun/lhrun/internal/logs"
)

// sheet is how facts are laid out: for a terminal of so many columns, or, with
// width 0, for a pipe, where nothing is cut.
type sheet struct {
	width, height int
	colour        bool
}

func (g *globals) sheet(f *os.File) sheet {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return sheet{}
	}
	size := terminalSize(f)
	s := sheet{width: int(size.Cols), height: int(size.Rows)}
	if s.width == 0 {
		s.width, s.height = 80, 24
	}
	s.colour = g.coloured(f)
	return s
}

// coloured: f is a terminal that may get colours.
func (g *globals) coloured(f *os.File) bool {
	return isTerminal(f) && !g.noColor && os.Getenv("NO_COLOR") == ""
}

// paint puts a colour around text where colours are shown.
func (s sheet) paint(colour, text string) string {
	if !s.colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// cut shortens text to what is left of a line behind used columns.
func (s sheet) cut(text string, used int) string {
	if s.width == 0 {
		return text
	}
	return logs.Fit(text, max(1, s.width-used))
}

// padded is text with spaces up to width, without a look at colours.
func padded(text string, width int, right bool) string {
	fill := strings.Repeat(" ", max(0, width-len([]rune(text))))
	if right {
		return fill + text
	}
	return text + fill
}
