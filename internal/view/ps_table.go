package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// column is one column of the table of ps.
type column struct {
	title string
	right bool
	cell  func(s control.Service, now time.Time) string
}

// The columns in their order. The reason comes last and is laid out apart.
var psColumns = []column{
	{"SERVICE", false, func(s control.Service, _ time.Time) string { return s.Name }},
	{"STATE", false, func(s control.Service, _ time.Time) string { return string(s.State) }},
	{"PID", true, func(s control.Service, _ time.Time) string { return number(s.PID) }},
	{"PORT", true, func(s control.Service, _ time.Time) string { return number(s.Port) }},
	{"URL", false, func(s control.Service, _ time.Time) string { return urlOf(s) }},
	{"AGE", true, ageOf},
	{"RESTARTS", true, func(s control.Service, _ time.Time) string { return strconv.Itoa(s.Restarts) }},
	{"CPU", true, func(s control.Service, _ time.Time) string { return cpuOf(s) }},
	{"MEMORY", true, func(s control.Service, _ time.Time) string { return memoryOf(s) }},
}

// psSpare lists the columns that a narrow terminal does without, in the order of
// leaving them out: a URL holds the port, and a column of zeros says nothing.
var psSpare = []struct {
	title string
	when  func([]control.Service) bool
}{
	{"RESTARTS", func(list []control.Service) bool {
		return !anyOf(list, func(s control.Service) bool { return s.Restarts > 0 })
	}},
	{"PORT", func(list []control.Service) bool {
		return !anyOf(list, func(s control.Service) bool { return s.Port != 0 && !strings.Contains(s.URL, strconv.Itoa(s.Port)) })
	}},
	{"MEMORY", nil}, {"CPU", nil}, {"PID", nil}, {"RESTARTS", nil}, {"URL", nil},
}

func anyOf(list []control.Service, is func(control.Service) bool) bool {
	for _, s := range list {
		if is(s) {
			return true
		}
	}
	return false
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func urlOf(s control.Service) string {
	if s.Port == 0 || s.URL == "" {
		return "-"
	}
	return s.URL
}

// ageOf says how long the process has run, or, without one, how long the service
// has been in its state.
func ageOf(s control.Service, now time.Time) string {
	since := s.Since.Time
	if s.PID != 0 && s.StartedAt != nil {
		since = s.StartedAt.Time
	}
	if since.IsZero() {
		return "-"
	}
	return words.Age(now.Sub(since))
}

func cpuOf(s control.Service) string {
	if s.CPU == nil {
		return "-"
	}
	if *s.CPU >= 9.95 {
		return strconv.FormatFloat(*s.CPU, 'f', 0, 64) + "%"
	}
	return strconv.FormatFloat(*s.CPU, 'f', 1, 64) + "%"
}

func memoryOf(s control.Service) string {
	if s.Memory == nil {
		return "-"
	}
	return words.Bytes(*s.Memory)
}

// leastReason is how many columns a reason needs; with fewer it stands below.
const leastReason = 24

// PsTable lays the services out. No line is wider than the terminal: the table
// leaves out the columns that say least, shortens a reason at its end, and puts it
// on a line of its own where there is hardly room for it. For a pipe it cuts nothing.
func (s Sheet) PsTable(list []control.Service, now time.Time) []string {
	cols, widths := psColumns, psWidths(psColumns, list, now)
	reasons := anyOf(list, func(s control.Service) bool { return s.Reason != "" })
	for _, spare := range psSpare {
		if s.Width == 0 || total(widths)-2 <= s.Width {
			break
		}
		if spare.when == nil || spare.when(list) {
			cols = without(cols, spare.title)
			widths = psWidths(cols, list, now)
		}
	}
	used := total(widths)
	below := s.Width != 0 && s.Width-used < min(leastReason, longestReason(list))
	header := psRow(cols, widths, func(c column) string { return c.title })
	if s.Width == 0 || reasons && !below {
		header += "REASON"
	}
	lines := []string{s.Paint("1", s.cut(strings.TrimRight(header, " "), 0))}
	for _, svc := range list {
		lines = append(lines, s.psLines(svc, cols, widths, now, below)...)
	}
	return lines
}

// psLines is one service: a line, and another for a reason that stands below.
func (s Sheet) psLines(svc control.Service, cols []column, widths []int, now time.Time, below bool) []string {
	reason := logs.OneLine(svc.Reason)
	row := psRow(cols, widths, func(c column) string { return c.cell(svc, now) })
	if reason == "" || below {
		row = strings.TrimRight(row, " ")
	}
	lines := []string{s.colorState(s.cut(row, 0), svc, widths[0])}
	switch {
	case reason == "":
	case below:
		lines = append(lines, "  "+s.cut(reason, 2))
	default:
		lines[0] += s.cut(reason, total(widths))
	}
	return lines
}

// colorState colours the state, which is the second column of a row.
func (s Sheet) colorState(row string, svc control.Service, first int) string {
	if at := strings.Index(row, string(svc.State)); first <= at && at <= first+2 {
		return row[:at] + s.Paint(stateColor(svc.State), string(svc.State)) + row[at+len(svc.State):]
	}
	return row
}

func stateColor(state supervisor.State) string {
	switch state {
	case supervisor.StateReady, supervisor.StateCompleted:
		return "32"
	case supervisor.StateFailed:
		return "31"
	case supervisor.StateUnhealthy, supervisor.StateBackoff:
		return "33"
	case supervisor.StateStopped:
		return "2"
	}
	return "36"
}

func psRow(cols []column, widths []int, text func(column) string) string {
	var b strings.Builder
	for i, c := range cols {
		b.WriteString(Pad(text(c), widths[i], c.right))
		b.WriteString("  ")
	}
	return b.String()
}

func psWidths(cols []column, list []control.Service, now time.Time) []int {
	widths := make([]int, len(cols))
	for i, c := range cols {
		widths[i] = len(c.title)
		for _, s := range list {
			widths[i] = max(widths[i], len([]rune(c.cell(s, now))))
		}
	}
	return widths
}

// total is the width of a row with the gaps, the last one included.
func total(widths []int) int {
	n := 0
	for _, w := range widths {
		n += w + 2
	}
	return n
}

func longestReason(list []control.Service) int {
	n := 0
	for _, s := range list {
		n = max(n, len([]rune(s.Reason)))
	}
	return n
}

func without(cols []column, title string) []column {
	var out []column
	for _, c := range cols {
		if c.title != title {
			out = append(out, c)
		}
	}
	return out
}
