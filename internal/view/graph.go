package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/words"
)

const (
	// outside is what is no service of the run.
	outside = "outside"
	// undeclared marks a connection between services that the file says nothing of.
	undeclared = "not in depends_on"
)

// edgeFact is what --json prints an array of. What is not known is null.
type edgeFact struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Outside     string  `json:"outside,omitempty"`
	Connections *int    `json:"connections"`
	BytesUp     *uint64 `json:"bytes_up"`
	BytesDown   *uint64 `json:"bytes_down"`
	RTT         *int64  `json:"rtt_us"`
	Declared    bool    `json:"declared"`
}

// PrintGraph writes the edges of g as JSON.
func PrintGraph(w io.Writer, g control.Graph) error {
	facts := []edgeFact{}
	for _, e := range g.Edges {
		f := edgeFact{From: cmp.Or(e.From, callerOutside(e)), To: cmp.Or(e.To, outside), Outside: e.Outside, Declared: e.Declared}
		if g.Uncounted == "" {
			f.Connections, f.BytesUp, f.BytesDown = &e.Connections, &e.BytesUp, &e.BytesDown
		}
		if g.Uncounted == "" && e.RTT != 0 {
			f.RTT = &e.RTT
		}
		facts = append(facts, f)
	}
	return PrintJSON(w, facts)
}

// callerOutside is what an edge is from that no service of the run has begun.
func callerOutside(e control.Edge) string {
	if e.Front {
		return e.Outside
	}
	return outside
}

const (
	// graphRTT is the column that a narrow terminal does without.
	graphRTT = 5
	// leastName is how short a name gets there.
	leastName = 8
)

// GraphTable lays the edges out. A narrow terminal does without the round trips, then
// shortens names. For a pipe it cuts nothing.
func (s Sheet) GraphTable(g control.Graph) []string {
	rows := [][]string{{"FROM", "TO", "CONNS", "UP", "DOWN", "RTT", "DECLARED"}}
	for _, e := range g.Edges {
		rows = append(rows, edgeRow(e, g.Uncounted == ""))
	}
	widths := columnWidths(rows)
	if s.Width != 0 && total(widths)-2 > s.Width {
		for i := range rows {
			rows[i] = slices.Delete(rows[i], graphRTT, graphRTT+1)
		}
		widths = slices.Delete(widths, graphRTT, graphRTT+1)
		s.narrow(widths)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = s.cut(graphLine(row, widths), 0)
		switch {
		case i == 0:
			lines[i] = s.Paint("1", lines[i])
		case row[len(row)-1] == undeclared:
			lines[i] = s.Paint("33", lines[i])
		}
	}
	return lines
}

// graphLine aligns all but the names and the last column at the right.
func graphLine(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		cell = words.Fit(cell, widths[i])
		fill := strings.Repeat(" ", widths[i]-columnsOf(cell))
		if 2 <= i && i < len(row)-1 {
			cell, fill = fill, cell
		}
		b.WriteString(cell + fill + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}

// narrow takes what is too wide from the wider of the names' columns.
func (s Sheet) narrow(widths []int) {
	for total(widths)-2 > s.Width && max(widths[0], widths[1]) > leastName {
		if widths[0] > widths[1] {
			widths[0]--
		} else {
			widths[1]--
		}
	}
}

func edgeRow(e control.Edge, counted bool) []string {
	other := fmt.Sprintf("%s (%s)", outside, e.Outside)
	from, to := cmp.Or(e.From, other), cmp.Or(e.To, other)
	if e.Front {
		from = e.Outside
	}
	conns, up, down, rtt := "-", "-", "-", "-"
	if counted {
		conns = strconv.Itoa(e.Connections)
	}
	if counted && e.Connections > 0 {
		up, down, rtt = amount(e.BytesUp), amount(e.BytesDown), roundTrip(e.RTT)
	}
	return []string{from, to, conns, up, down, rtt, declared(e)}
}

func declared(e control.Edge) string {
	switch {
	case e.Declared:
		return "yes"
	case e.Outside != "":
		return "-"
	}
	return undeclared
}

// amount writes bytes in at most five characters.
func amount(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%dB", n)
	}
	return words.Bytes(int64(n))
}

func roundTrip(microseconds int64) string {
	d := time.Duration(microseconds) * time.Microsecond
	switch {
	case d == 0:
		return "-"
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", microseconds)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(microseconds)/1000)
	}
	return words.Short(d)
}

func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columnsOf(cell))
		}
	}
	return widths
}

func columnsOf(text string) (n int) {
	for _, r := range text {
		n += words.Columns(r)
	}
	return n
}
