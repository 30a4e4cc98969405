package control

import (
	"context"
	"errors"
	"slices"

	"github.com/lhrun/lhrun/supervisor"
)

// Mirror is the newest known state of a project: a snapshot, and folded into it the
// events that came since. It belongs to one goroutine; what it returns may be kept.
type Mirror struct {
	now Snapshot
	// at is where each service stands in now.Services.
	at map[string]int
}

// NewMirror returns a Mirror of what s tells.
func NewMirror(s Snapshot) *Mirror {
	m := &Mirror{}
	m.Reset(s)
	return m
}

// Reset makes s the newest state, as after events that were missed.
func (m *Mirror) Reset(s Snapshot) {
	m.now = s
	m.now.Services = slices.Clone(s.Services)
	m.index()
}

func (m *Mirror) index() {
	m.at = make(map[string]int, len(m.now.Services))
	for i, s := range m.now.Services {
		m.at[s.Name] = i
	}
}

// Snapshot returns the newest state, without cpu and memory.
func (m *Mirror) Snapshot() Snapshot {
	s := m.now
	s.Services = slices.Clone(s.Services)
	return s
}

// Seq returns the number of the last event that was folded in.
func (m *Mirror) Seq() uint64 { return m.now.Seq }

// Service returns the service of that name, and whether there is one.
func (m *Mirror) Service(name string) (Service, bool) {
	i, known := m.at[name]
	if !known {
		return Service{Name: name}, false
	}
	return m.now.Services[i], true
}

// All yields every service in the order of the project.
func (m *Mirror) All(yield func(Service) bool) { slices.Values(m.now.Services)(yield) }

// Fold takes e in and returns what was known of its service before. An event that is
// older than the newest state is no news and changes nothing. An event of kind
// EventMissed needs a Reset instead.
func (m *Mirror) Fold(e Event) (before Service, news bool) {
	if e.Seq <= m.now.Seq || e.Kind == EventMissed {
		return Service{}, false
	}
	m.now.Seq = e.Seq
	if e.Kind == supervisor.EventOrder {
		m.sort(e.Order)
		return Service{}, true
	}
	if e.Service == nil {
		return Service{}, true
	}
	i, known := m.at[e.Service.Name]
	switch {
	case known:
		before = m.now.Services[i]
	case e.Kind == supervisor.EventRemoved:
		return Service{}, true
	default:
		i = len(m.now.Services)
		m.now.Services = append(m.now.Services, Service{})
		m.at[e.Service.Name] = i
	}
	m.now.Services[i] = *e.Service
	if e.Kind == supervisor.EventRemoved {
		m.now.Services = slices.Delete(m.now.Services, i, i+1)
		m.index()
	}
	return before, true
}

// sort puts the services into the order of names. Services that names leaves out, which
// there should not be, come last.
func (m *Mirror) sort(names []string) {
	place := make(map[string]int, len(names))
	for i, name := range names {
		place[name] = i - len(names)
	}
	slices.SortStableFunc(m.now.Services, func(a, b Service) int { return place[a.Name] - place[b.Name] })
	m.index()
}

// Change is one piece of news about a project: an event, and what was known of its
// service before.
type Change struct {
	Event
	Before Service
}

// errMissed asks for a new snapshot.
var errMissed = errors.New("events were missed")

// Follow calls each with every change of p after what m knows, when m has taken it in,
// until each returns an error, which it returns, or ctx ends, whose error it returns.
// After missed events it takes a new snapshot, which is one change of kind EventMissed.
// It returns ErrEnded once the project is down; each has seen everything stopped before.
func (m *Mirror) Follow(ctx context.Context, p Project, each func(Change) error) error {
	for {
		err := p.Events(ctx, m.Seq(), func(e Event) error {
			if e.Kind == EventMissed {
				return errMissed
			}
			before, news := m.Fold(e)
			if !news {
				return nil
			}
			return each(Change{e, before})
		})
		switch {
		case errors.Is(err, errMissed):
			err = m.catchUp(ctx, p, each)
			if err == nil {
				continue
			}
		case err == nil:
			err = ctx.Err()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
}

// catchUp takes a snapshot in the place of events that were missed.
func (m *Mirror) catchUp(ctx context.Context, p Project, each func(Change) error) error {
	s, err := p.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	missed := missedEvents(s.Seq-m.Seq(), s.Seq)
	m.Reset(s)
	return each(Change{Event: missed})
}
