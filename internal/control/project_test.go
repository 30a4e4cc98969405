package control

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lhrun/lhrun/supervisor"
)

// await follows events of p until service is in state, and returns that event.
func await(t *testing.T, p Project, since uint64, service string, state supervisor.State) Event {
	t.Helper()
	var found Event
	stop := errors.New("found")
	err := p.Events(ctxOf(t), since, func(e Event) error {
		if e.Service != nil && e.Service.Name == service && e.Service.State == state {
			found = e
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatalf("%s did not become %s: %v", service, state, err)
	}
	return found
}

func request(t *testing.T, p Project, r Request) Answer {
	t.Helper()
	a, err := p.Ask(ctxOf(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAClientIsTheProject: what is asked across the socket gives what the
// supervising process itself gives.
func TestAClientIsTheProject(t *testing.T) {
	h := build(t, service("idle", "db"), service("idle", "api", "db"), task("lines 3", "seed", "db"))
	for name, p := range map[string]Project{"local": h.Local, "client": h.dial()} {
		a := request(t, p, Request{Verb: supervisor.VerbStart})
		if len(a.Services) != 3 || a.Services[0] != "db" {
			t.Errorf("%s: %+v", name, a)
		}
		await(t, p, a.Seq, "seed", "completed")
		await(t, p, a.Seq, "api", "ready")
		snap, err := p.Snapshot(ctxOf(t), true)
		if err != nil {
			t.Fatal(err)
		}
		if snap.Project != "shop" || len(snap.Services) != 3 || snap.Services[1].CPU == nil || *snap.Services[1].Memory < 100<<10 {
			t.Errorf("%s: %+v", name, snap)
		}
		var lines []string
		if err := p.Logs(ctxOf(t), LogQuery{Services: []string{"seed"}, Last: 2}, func(l LogLine) error {
			lines = append(lines, l.Text)
			return nil
		}); err != nil || !slices.Equal(lines, []string{"line 1", "line 2"}) {
			t.Errorf("%s: %q, %v", name, lines, err)
		}
		a = request(t, p, Request{Verb: supervisor.VerbStop, Services: []string{"db"}})
		await(t, p, a.Seq, "db", "stopped")
	}
}

func TestDownEndsTheEvents(t *testing.T) {
	h := build(t, service("idle", "api"))
	c := h.dial()
	a := request(t, c, Request{Verb: supervisor.VerbStart})
	await(t, c, a.Seq, "api", "ready")
	a = request(t, c, Request{Verb: VerbDown})
	var last Event
	err := c.Events(context.Background(), a.Seq, func(e Event) error { last = e; return nil })
	if !errors.Is(err, ErrEnded) || last.Service == nil || last.Service.State != "stopped" {
		t.Errorf("%v after %+v", err, last)
	}
}
