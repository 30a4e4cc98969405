package view

import (
	"io"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/journal"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
)

// EventFact is one entry of the journal in what events --json prints.
type EventFact struct {
	Time    control.Time         `json:"time"`
	Kind    supervisor.EventKind `json:"kind"`
	Service string               `json:"service"`
	State   supervisor.State     `json:"state"`
	Text    string               `json:"text"`
	By      *supervisor.By       `json:"by"`
	Cursor  string               `json:"cursor"`
}

// Events lays the entries of a journal out, a line each.
type Events struct {
	Sheet
	Out io.Writer
	// width is that of the column of names: it grows.
	width int
	// last holds the entry of each service that was shown last.
	last map[string]journal.Entry
	day  string
	// asked is whoever asked last; what follows from it needs no name.
	asked *supervisor.By
}

// kindWords is how an entry is shown that tells of no state.
func kindWord(e journal.Entry) string {
	switch e.Kind {
	case supervisor.EventState:
		return string(e.State)
	case supervisor.EventExit:
		return "exit"
	}
	return string(e.Kind)
}

// eventColumn is the width of the longest state.
const eventColumn = len("completed")

// Line shows e, unless it says of its service only what the line before says.
func (v *Events) Line(e journal.Entry) error {
	if v.last == nil {
		v.last, v.width = map[string]journal.Entry{}, len("service")
	}
	before, known := v.last[e.Service]
	if e.Kind == journal.Begin || e.Kind == supervisor.EventOrder {
		v.last = map[string]journal.Entry{}
	}
	if e.Kind == supervisor.EventOrder || known && e.Kind == supervisor.EventState && e.State == before.State && e.Text == before.Text {
		return nil
	}
	if e.Service != "" && e.Kind == supervisor.EventState {
		v.last[e.Service] = e
	}
	_, err := io.WriteString(v.Out, v.heading(e)+v.row(e, before)+"\n")
	return err
}

// heading is a line with the day, where that is another one or a run begins.
func (v *Events) heading(e journal.Entry) string {
	day := e.Time.Local().Format(time.DateOnly)
	if day == v.day && e.Kind != journal.Begin {
		return ""
	}
	what := "── " + day + " ──"
	if e.Kind == journal.Begin {
		what = "── run of " + e.Time.Local().Format(time.DateTime) + " ──"
	}
	v.day = day
	return v.Paint("2", what) + "\n"
}

func (v *Events) row(e, before journal.Entry) string {
	v.width = max(v.width, len(e.Service))
	at, word := e.Time.Local().Format("15:04:05.000"), kindWord(e)
	head := at + "  " + Pad(e.Service, v.width, false) + "  "
	text := logs.OneLine(e.Text)
	if by := By(e.By); by != "" && v.names(e, before) {
		text = strings.TrimPrefix(text+", by "+by, ", ")
	}
	if e.Kind == supervisor.EventAsked || e.Kind == journal.Begin {
		v.asked = e.By
	}
	used := len(head) + eventColumn + 2
	line := v.Paint("2", at) + head[len(at):] + v.Paint(eventColor(e), Pad(word, eventColumn, false))
	if text == "" {
		return strings.TrimRight(line, " ")
	}
	return line + "  " + v.cut(text, used)
}

// names reports whether whoever caused e is news.
func (v *Events) names(e, before journal.Entry) bool {
	switch e.Kind {
	case supervisor.EventAsked, journal.Begin:
		return true
	case supervisor.EventState, supervisor.EventRemoved:
		return !sameBy(e.By, before.By) && !sameBy(e.By, v.asked)
	}
	return false
}

func sameBy(a, b *supervisor.By) bool { return a != nil && b != nil && *a == *b }

func eventColor(e journal.Entry) string {
	switch e.Kind {
	case supervisor.EventState:
		return stateColor(e.State)
	case supervisor.EventExit, journal.Killed:
		return "31"
	case supervisor.EventNotice, journal.Missed:
		return "33"
	}
	return "2"
}

// Missed begins an answer to a cursor that the journal no longer holds.
const Missed = "missed: that is too long ago, so something may be missing before what follows"
