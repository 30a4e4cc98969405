package view

import (
	"fmt"
	"strings"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/internal/words"
)

const (
	// widestEdge and leastPath are columns of a row of traffic.
	widestEdge = 20
	leastPath  = 8
	// pendingWord stands for the status and the time of a call that goes on.
	pendingWord = "pending"
)

// TrafficRows lays out calls, one at a time, as they come.
type TrafficRows struct {
	sheet Sheet
	edge  int
}

// TrafficRows makes room for the edges that are known.
func (s Sheet) TrafficRows(edges []traffic.Edge) TrafficRows {
	t := TrafficRows{s, len("EDGE")}
	for _, e := range edges {
		t.edge = max(t.edge, columnsOf(logs.OneLine(e.String())))
	}
	if s.Width != 0 {
		t.edge = min(t.edge, widestEdge)
	}
	return t
}

// Head is the line above the rows.
func (t TrafficRows) Head() string {
	return t.sheet.Paint("1", t.line("ID", "TIME", "EDGE", "METHOD", "PATH", "STATUS", "MS"))
}

// Row is one call in a line.
func (t TrafficRows) Row(r traffic.Row) string {
	status, ms := r.Status, ""
	switch {
	case r.MS == nil:
		status = pendingWord
	case *r.MS < 10:
		ms = fmt.Sprintf("%.1f", *r.MS)
	default:
		ms = fmt.Sprintf("%.0f", *r.MS)
	}
	if status == "" {
		status = "-"
	}
	path := r.Path
	if r.Error != "" && r.Error != r.Status {
		path += " (" + r.Error + ")"
	}
	if r.Fault != "" {
		path = "[" + r.Fault + "] " + path
	}
	line := t.line(fmt.Sprint(r.ID), r.Time.Local().Format("15:04:05"), r.Edge().String(), r.Method, path, status, ms)
	switch {
	case r.Failed():
		return t.sheet.Paint("31", line)
	case r.Fault != "":
		return t.sheet.Paint("33", line)
	case r.MS == nil:
		return t.sheet.Paint("2", line)
	}
	return line
}

// line gives the path the room that the others leave. For a pipe it cuts nothing.
func (t TrafficRows) line(id, time, edge, method, path, status, ms string) string {
	cells := []string{id, time, edge, method, path, status, ms}
	widths := []int{5, 8, t.edge, 6, 24, 9, 6}
	if t.sheet.Width != 0 {
		widths[4] = 0
		widths[4] = max(leastPath, t.sheet.Width-total(widths)+2)
	}
	var b strings.Builder
	for i, cell := range cells {
		cell = logs.OneLine(cell)
		if t.sheet.Width != 0 {
			cell = words.Fit(cell, widths[i])
		}
		fill := strings.Repeat(" ", max(0, widths[i]-columnsOf(cell)))
		if i == 0 || i == len(cells)-1 {
			cell, fill = fill, cell
		}
		b.WriteString(cell + fill + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}
