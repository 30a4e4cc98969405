package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lhrun/lhrun/supervisor"
)

// same compares two states as a reader of their JSON sees them.
func sameState(t *testing.T, got, want Snapshot) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Fatalf("the mirror shows\n%s\nand the project is\n%s", g, w)
	}
}

// TestAMirrorIsTheNextSnapshot does random things to a real project and compares what a
// mirror makes of its events with what it says itself.
func TestAMirrorIsTheNextSnapshot(t *testing.T) {
	h := build(t, service("idle", "db"), service("idle", "api", "db"), task("lines 3", "seed", "db"), service("idle", "web", "api"))
	c := h.dial()
	ctx := ctxOf(t)
	first, err := c.Snapshot(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMirror(first)
	r := rand.New(rand.NewPCG(1, 1))
	names := []string{"db", "api", "seed", "web"}
	for i := range 40 {
		verb := []supervisor.Verb{supervisor.VerbStart, supervisor.VerbStop, supervisor.VerbRestart}[r.IntN(3)]
		a := request(t, c, Request{Verb: verb, Services: []string{names[r.IntN(4)]}, NoDeps: r.IntN(2) == 0})
		if i%10 == 9 {
			services := append([]supervisor.Service{service("idle", fmt.Sprint("new", i))}, h.services[i%3:]...)
			services[1].Description = fmt.Sprint("the one of ", i)
			services[1].DependsOn, services[len(services)-1].DependsOn = nil, nil
			for j := range services {
				services[j].DependsOn = nil
			}
			done, err := h.sup.Apply(supervisor.Reload{Services: services, Restart: []string{services[1].Name}})
			if err != nil {
				t.Fatal(err)
			}
			a.Effective = done.Effective
			names = nil
			for _, s := range services {
				names = append(names, s.Name)
			}
			for len(names) < 4 {
				names = append(names, names[0])
			}
		}
		want, err := c.Snapshot(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		if want.Seq < a.Effective {
			t.Fatalf("the answer names event %d, which nobody has seen at %d", a.Effective, want.Seq)
		}
		enough := errors.New("enough")
		for m.Seq() < want.Seq {
			err := m.Follow(ctx, c, func(ch Change) error {
				if ch.Seq == want.Seq {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Fatal(err)
			}
		}
		sameState(t, m.Snapshot(), want)
	}
}

// TestAMirrorCatchesUp takes a snapshot in the place of events that are gone, and tells.
func TestAMirrorCatchesUp(t *testing.T) {
	now := Snapshot{Seq: 90, Services: []Service{{Name: "b", State: supervisor.StateReady}}}
	p := &fake{snapshot: func() Snapshot { return now }, events: func(_ context.Context, since uint64, each func(Event) error) error {
		if since < 90 {
			return each(Event{Seq: 80, Kind: EventMissed, Missed: 78})
		}
		return ErrEnded
	}}
	m := NewMirror(Snapshot{Seq: 2, Services: []Service{{Name: "a"}, {Name: "b"}}})
	var kinds []supervisor.EventKind
	err := m.Follow(t.Context(), p, func(c Change) error {
		kinds = append(kinds, c.Kind)
		if c.Missed != 88 || c.Seq != 90 {
			t.Errorf("told that %d are missed up to %d", c.Missed, c.Seq)
		}
		return nil
	})
	if !errors.Is(err, ErrEnded) || len(kinds) != 1 || kinds[0] != EventMissed {
		t.Errorf("%v, %v", kinds, err)
	}
	sameState(t, m.Snapshot(), now)
	if _, known := m.Service("a"); known {
		t.Error("it still knows a service that is gone")
	}
}

// TestAMirrorTakesNoOldNews, in whatever order events of before its snapshot come.
func TestAMirrorTakesNoOldNews(t *testing.T) {
	m := NewMirror(Snapshot{Seq: 5, Services: []Service{{Name: "a", State: supervisor.StateReady}}})
	if _, news := m.Fold(Event{Seq: 5, Kind: supervisor.EventState, Service: &Service{Name: "a", State: supervisor.StateFailed}}); news {
		t.Error("an event that the snapshot includes is news")
	}
	before, news := m.Fold(Event{Seq: 6, Kind: supervisor.EventState, Service: &Service{Name: "a", State: supervisor.StateStopping}})
	if !news || before.State != supervisor.StateReady {
		t.Errorf("%v, before %+v", news, before)
	}
	kept := m.Snapshot()
	m.Fold(Event{Seq: 7, Kind: supervisor.EventRemoved, Service: &Service{Name: "a"}})
	if len(kept.Services) != 1 || len(m.Snapshot().Services) != 0 {
		t.Errorf("kept %v, now %v", kept.Services, m.Snapshot().Services)
	}
}

// FuzzMirror folds any events in: what a mirror shows is one of each service, found by name.
func FuzzMirror(f *testing.F) {
	f.Add([]byte(`{"seq":3,"kind":"state","service":{"name":"a"}}`), []byte(`{"seq":4,"kind":"order","order":["b","a","a"]}`))
	f.Add([]byte(`{"seq":3,"kind":"removed","service":{"name":"b"}}`), []byte(`{"seq":9,"kind":"state","service":{"name":""}}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		m := NewMirror(Snapshot{Seq: 2, Services: []Service{{Name: "b"}, {Name: "c"}}})
		for _, data := range [][]byte{one, two, one} {
			var e Event
			if json.Unmarshal(data, &e) != nil {
				continue
			}
			m.Fold(e)
			seen := map[string]bool{}
			for s := range m.All {
				if got, known := m.Service(s.Name); seen[s.Name] || !known || got.Name != s.Name {
					t.Fatalf("%q stands there twice, or is not found", s.Name)
				}
				seen[s.Name] = true
			}
		}
	})
}
