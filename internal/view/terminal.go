// Package view holds what people read: the sentences, tables and screens that
// tell of a project. It turns the snapshots and events of internal/control into
// text and writes it to a terminal, a pipe or a JSON stream.
//
// A view keeps no state of the project beyond what it has just drawn, decides
// nothing and asks for no change. It knows neither the command line nor the host
// of a run, so that a verb, a terminal UI or a page can use the same sentences.
package view

import (
	"os"

	"golang.org/x/term"

	"github.com/lhrun/lhrun/supervisor"
)

// Terminal is the three files that a program reads and writes. They are files
// rather than readers because some views ask whether they are terminals.
type Terminal struct {
	In, Out, Err *os.File
	// NoColor forbids colours even on a terminal; ForceColor has them everywhere.
	NoColor, ForceColor bool
}

// Colored reports whether f, one of the terminal's files, may get colours.
func (t Terminal) Colored(f *os.File) bool {
	return t.ForceColor || IsTerminal(f) && !t.NoColor && os.Getenv("NO_COLOR") == ""
}

// Sheet returns the layout for tables that are written to f.
func (t Terminal) Sheet(f *os.File) Sheet {
	if !term.IsTerminal(int(f.Fd())) {
		return Sheet{}
	}
	size := sizeOf(f)
	s := Sheet{Width: int(size.Cols), Height: int(size.Rows)}
	if s.Width == 0 {
		s.Width, s.Height = 80, 24
	}
	s.Color = t.Colored(f)
	return s
}

// IsTerminal reports whether f is a terminal that understands control sequences.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// sizeOf returns the size of the terminal f, the zero Size where f is none.
func sizeOf(f *os.File) supervisor.Size {
	cols, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return supervisor.Size{}
	}
	return supervisor.Size{Rows: uint16(rows), Cols: uint16(cols)}
}
