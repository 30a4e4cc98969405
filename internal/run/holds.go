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
// asked for by name, or by up, stays. A one-off run ends with its last user.
type holds struct {
	sup *supervisor.Supervisor
	ask func(context.Context, control.Request) (control.Answer, error)

	mu   sync.Mutex
	last uint64
	used map[uint64][]string
	lent map[string]bool
	// oneOff says that the run ends when nobody uses services any more, over that it does
	// so: nobody gets in any more.
	oneOff, over bool
	// unused gets one value then: whether the last user was killed.
	unused chan bool
}

func newHolds(sup *supervisor.Supervisor, ask func(context.Context, control.Request) (control.Answer, error)) *holds {
	return &holds{sup: sup, ask: ask, used: map[uint64][]string{}, lent: map[string]bool{}, unused: make(chan bool, 1)}
}

// begin makes the run a one-off run, whose first user uses services.
func (h *holds) begin(services []string) (hold uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.oneOff = true
	return h.add(services, services)
}

// add enters a user of services, of which those lent were started for him.
func (h *holds) add(services, lent []string) (hold uint64) {
	h.last++
	h.used[h.last] = services
	for _, name := range lent {
		h.lent[name] = true
	}
	return h.last
}

// take starts services and what they need, for somebody who uses them.
func (h *holds) take(ctx context.Context, services []string, alone bool) (control.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return control.Answer{}, control.ErrEnded
	}
	a, err := h.ask(ctx, control.Request{Verb: supervisor.VerbStart, Services: services, NoDeps: alone, Missing: true})
	if err == nil {
		a.Hold = h.add(a.Services, a.Changed)
	}
	return a, err
}

// release stops what nobody uses after the one that has the hold, and names it; a one-off
// run that nobody uses any more ends. killed says that the user did not leave by himself.
// A hold that is released already changes nothing.
func (h *holds) release(ctx context.Context, hold uint64, killed bool) (control.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	statuses, seq := h.sup.SnapshotAt()
	a := control.Answer{Seq: seq, Effective: seq}
	if _, known := h.used[hold]; !known {
		return a, nil
	}
	delete(h.used, hold)
	if h.oneOff && len(h.used) == 0 {
		h.over, a.Ends = true, true
		h.unused <- killed
		return a, nil
	}
	idle := h.idle(statuses)
	if len(idle) == 0 {
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

// stay lets the run go on when nobody uses its services any more.
func (h *holds) stay() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return control.ErrEnded
	}
	h.oneOff = false
	return nil
}

func (h *holds) isOneOff() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.oneOff
}

// FirstHold names the hold of whoever a one-off run was begun for; 0 where it is none.
func (s *Session) FirstHold() uint64 { return s.firstHold }

// IsOneOff reports whether the run ends when nobody uses its services any more.
func (s *Session) IsOneOff() bool { return s.firstHold != 0 && s.holds.isOneOff() }

// FirstUserGone takes the end of the one whom the run was begun for, who may have released
// his hold before. It reports whether the run ends as nobody uses it any more.
func (s *Session) FirstUserGone(killed bool) (ends bool) {
	_, _ = s.holds.release(context.Background(), s.firstHold, killed)
	s.holds.mu.Lock()
	defer s.holds.mu.Unlock()
	return s.holds.over
}

// Unused tells once that nobody uses the services of a one-off run any more, and whether
// the last user was killed.
func (s *Session) Unused() <-chan bool { return s.holds.unused }

// Hold is control.Holder's.
func (s *served) Hold(ctx context.Context, services []string, alone bool, held func(control.Answer) error) error {
	if err := s.awaitBegun(ctx); err != nil {
		return err
	}
	a, err := s.holds.take(ctx, services, alone)
	if err != nil {
		return err
	}
	defer func() { // A client that was killed has not said that it leaves.
		_, _ = s.holds.release(context.WithoutCancel(ctx), a.Hold, true)
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
		return s.holds.release(ctx, r.Hold, false)
	}
	a, err := s.Local.Ask(ctx, r)
	if err == nil && (r.Verb == supervisor.VerbStart || r.Verb == supervisor.VerbRestart) {
		s.holds.keep(a.Services)
	}
	if err == nil && r.Stay {
		err = s.holds.stay()
	}
	return a, err
}
