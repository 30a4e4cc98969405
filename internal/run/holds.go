package run

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// holds are the clients that use services of a run, and the services that were started
// for them alone. A service stops when the last one that uses it has left; one that was
// asked for by name, or by up, stays.
type holds struct {
	sup *supervisor.Supervisor
	ask func(context.Context, control.Request) (control.Answer, error)

	mu   sync.Mutex
	last uint64
	used map[uint64][]string
	lent map[string]bool
	// over says that the run ends: nobody gets in any more.
	over bool
	// left gets a value when a client has left.
	left chan struct{}
}

func newHolds(sup *supervisor.Supervisor, ask func(context.Context, control.Request) (control.Answer, error)) *holds {
	return &holds{sup: sup, ask: ask, used: map[uint64][]string{}, lent: map[string]bool{}, left: make(chan struct{}, 1)}
}

// take starts services and what they need, for somebody who uses them.
func (h *holds) take(ctx context.Context, services []string) (control.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return control.Answer{}, control.ErrEnded
	}
	a, err := h.ask(ctx, control.Request{Verb: supervisor.VerbStart, Services: services, Missing: true})
	if err != nil {
		return a, err
	}
	h.last++
	a.Hold = h.last
	h.used[a.Hold] = a.Services
	for _, name := range a.Changed {
		h.lent[name] = true
	}
	return a, nil
}

// release stops what nobody uses after the one that has the hold, and names it. A hold
// that is released already changes nothing.
func (h *holds) release(ctx context.Context, hold uint64) (control.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	statuses, seq := h.sup.SnapshotAt()
	a := control.Answer{Seq: seq, Effective: seq}
	if _, known := h.used[hold]; !known {
		return a, nil
	}
	delete(h.used, hold)
	select {
	case h.left <- struct{}{}:
	default:
	}
	idle := h.idle(statuses)
	if len(idle) == 0 || h.over {
		return a, nil
	}
	for _, name := range idle {
		delete(h.lent, name)
	}
	a, err := h.ask(ctx, control.Request{Verb: supervisor.VerbStop, Services: idle, NoDeps: true})
	a.Services = idle
	return a, err
}

// idle are the lent services that no client uses, and nothing else that is up depends on.
func (h *holds) idle(statuses []supervisor.Status) (names []string) {
	for _, st := range statuses {
		isUsed := func(services []string) bool { return slices.Contains(services, st.Name) }
		if h.lent[st.Name] && !slices.ContainsFunc(h.users(), isUsed) {
			names = append(names, st.Name)
		}
	}
	for before := -1; before != len(names); {
		before = len(names)
		for _, st := range statuses {
			if !st.State.Settled() && !slices.Contains(names, st.Name) {
				names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(st.DependsOn, name) })
			}
		}
	}
	return names
}

func (h *holds) users() (all [][]string) {
	for _, services := range h.used {
		all = append(all, services)
	}
	return all
}

// keep lets services stay that somebody asks for by name.
func (h *holds) keep(services []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range services {
		delete(h.lent, name)
	}
}

// end lets nobody in any more, unless somebody uses services.
func (h *holds) end() (ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = h.over || len(h.used) == 0
	return h.over
}

// StopUnused is Stop once no other process uses services of this run. It reports whether
// it waits for that.
func (s *Session) StopUnused() (waits bool) {
	if s.holds.end() {
		s.Stop()
		return false
	}
	go func() {
		for !s.holds.end() {
			select {
			case <-s.holds.left:
			case <-s.stopping.Done():
				return
			}
		}
		s.Stop()
	}()
	return true
}

// Hold is control.Holder's.
func (s *served) Hold(ctx context.Context, services []string, held func(control.Answer) error) error {
	if err := s.awaitBegun(ctx); err != nil {
		return err
	}
	a, err := s.holds.take(ctx, services)
	if err != nil {
		return err
	}
	defer func() { // A client that was killed has not said that it leaves.
		_, _ = s.holds.release(context.WithoutCancel(ctx), a.Hold)
	}()
	if err := held(a); err != nil {
		return err
	}
	err = s.Events(ctx, a.Seq, func(control.Event) error { return nil })
	if errors.Is(err, control.ErrEnded) {
		return nil
	}
	return err
}

// Ask is Project's.
func (s *served) Ask(ctx context.Context, r control.Request) (control.Answer, error) {
	if r.Verb == control.VerbRelease {
		return s.holds.release(ctx, r.Hold)
	}
	a, err := s.Local.Ask(ctx, r)
	if err == nil && (r.Verb == supervisor.VerbStart || r.Verb == supervisor.VerbRestart) {
		s.holds.keep(a.Services)
	}
	return a, err
}
