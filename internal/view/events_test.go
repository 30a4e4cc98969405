package view

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/journal"
	"github.com/lhrun/lhrun/supervisor"
)

// day is what happened in two runs, the first of which was killed.
func day() (entries []journal.Entry) {
	up := &supervisor.By{Who: supervisor.ByProcess, PID: 4242, Command: "lhrun up"}
	restart := &supervisor.By{Who: supervisor.ByProcess, PID: 4711, Command: "lhrun restart api --timeout 20s"}
	itself := &supervisor.By{Who: supervisor.BySupervisor}
	watch := &supervisor.By{Who: supervisor.ByWatch, File: "src/handlers/orders.go"}
	at := time.Date(2026, 1, 2, 15, 4, 5, 123e6, time.Local)
	add := func(kind supervisor.EventKind, service string, state supervisor.State, text string, by *supervisor.By) {
		entries = append(entries, journal.Entry{N: uint64(len(entries) + 1), Time: at, Kind: kind, Service: service, State: state, Text: text, By: by})
		at = at.Add(1234 * time.Millisecond)
	}
	change := func(service string, state supervisor.State, text string, by *supervisor.By) {
		add(supervisor.EventState, service, state, text, by)
	}
	add(journal.Begin, "", "", "lhrun 1.2.3", up)
	add(supervisor.EventAsked, "", "", "start db api worker", up)
	change("db", supervisor.StateStarting, "", up)
	change("db", supervisor.StateStarting, "", up) // Its pid is known.
	change("api", supervisor.StateWaiting, "waits for db (starting)", up)
	change("db", supervisor.StateReady, "", up)
	change("api", supervisor.StateReady, "listens on 127.0.0.1:21480, which is its own port and nobody else's", up)
	add(supervisor.EventAsked, "", "", "restart api", restart)
	change("api", supervisor.StateStopping, "", restart)
	add(supervisor.EventExit, "api", supervisor.StateStopping, "exited with code 1", itself)
	change("api", supervisor.StateBackoff, "exited with code 1", itself)
	add(supervisor.EventNotice, "api", supervisor.StateReady, "restarts: src/handlers/orders.go changed", itself)
	change("api", supervisor.StateStopping, "", watch)
	add(journal.Missed, "", "", "7 events are missing: they came faster than they were kept", nil)
	add(journal.Killed, "", "", "lhrun (pid 4242) was killed; its guard has ended its services", itself)
	at = at.Add(24 * time.Hour)
	add(journal.Begin, "", "", "lhrun 1.2.3", up)
	change("db", supervisor.StateStarting, "", up)
	add(supervisor.EventOrder, "", "", "", nil)
	at = at.Add(24 * time.Hour)
	add(supervisor.EventRemoved, "db", supervisor.StateStopped, "", up)
	add(journal.End, "", "", "", nil)
	return entries
}

// TestEvents compares with files; with UPDATE=1 they are written instead.
func TestEvents(t *testing.T) {
	for name, sheet := range map[string]Sheet{"pipe": {}, "80": {Width: 80}, "40": {Width: 40}, "colour": {Width: 80, Color: true}} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			v := Events{Sheet: sheet, Out: &b}
			for _, e := range day() {
				if err := v.Line(e); err != nil {
					t.Fatal(err)
				}
			}
			same(t, filepath.Join("testdata", "events", name+".txt"), b.String())
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); sheet.Width > 0 && !sheet.Color && n > sheet.Width {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

func TestBy(t *testing.T) {
	for want, by := range map[string]supervisor.By{
		"lhrun restart api (pid 4711)": {Who: supervisor.ByProcess, PID: 4711, Command: "lhrun restart api"},
		"pid 4711":                     {Who: supervisor.ByProcess, PID: 4711},
		"another process":              {Who: supervisor.ByProcess},
		"watch (main.go)":              {Who: supervisor.ByWatch, File: "main.go"},
		"watch":                        {Who: supervisor.ByWatch},
		"lhrun itself":                 {Who: supervisor.BySupervisor},
	} {
		if got := By(&by); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if By(nil) != "" {
		t.Error("nobody has a name")
	}
}
