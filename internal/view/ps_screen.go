package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// EnterScreen and LeaveScreen switch to the terminal's second screen and back, so
// what was there before comes back.
const (
	EnterScreen = "\x1b[?1049h\x1b[?25l"
	LeaveScreen = "\x1b[?25h\x1b[?1049l"
)

// PsScreen returns everything that a redraw writes: each line over the old one.
func (s Sheet) PsScreen(snap control.Snapshot, now time.Time) string {
	return s.screen(snap, now, s.PsTable(snap.Services, now), "ps")
}

// GraphScreen is PsScreen for the graph of the run that snap is of.
func (s Sheet) GraphScreen(snap control.Snapshot, g control.Graph, now time.Time) string {
	return s.screen(snap, now, s.GraphTable(g), "graph")
}

// screen is a table below the name of the run, as much of it as there is room for.
func (s Sheet) screen(snap control.Snapshot, now time.Time, table []string, verb string) string {
	head := fmt.Sprintf("%s (%s), pid %d, %s", snap.Project, snap.Instance, snap.PID, now.Format("15:04:05"))
	lines := append([]string{s.cut(head, 0), ""}, table...)
	if most := max(3, s.Height-1); len(lines) > most {
		left := fmt.Sprintf("… %d more lines; %s without -w shows all", len(lines)-most+1, verb)
		lines = append(slices.Clone(lines[:most-1]), s.cut(left, 0))
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}
