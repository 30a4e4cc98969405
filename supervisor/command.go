package supervisor

import (
	"errors"
	"slices"

	"github.com/lhrun/lhrun/internal/graph"
)

// Action is what an Order asks for.
type Action uint8

// The actions of an Order.
const (
	// ActionStart: services and what they depend on.
	ActionStart Action = iota
	// ActionStop: services, and before them what depends on them.
	ActionStop
	// ActionRestart: services; what they depend on is started where it is not up.
	ActionRestart
)

// Order asks for services and for those that belong to them, all in one step.
type Order struct {
	Action Action
	// Services are all of them when none is named; to restart, all that are up or
	// failed.
	Services []string
	// Alone leaves out what belongs to the named ones.
	Alone bool
	// Missing, with ActionStart, leaves completed tasks as they are.
	Missing bool
}

// Taken is what an Order came to.
type Taken struct {
	// Seq is the number of the last event before it.
	Seq uint64
	// Services are those that it concerns, each after those that it depends on.
	Services []string
	// Changed are those of them that it found otherwise than it wants them.
	Changed []string
}

// ErrEnding is returned by Order once Run is on its way to return.
var ErrEnding = errors.New("everything is being stopped")

// Order has o begin. The error names an unknown service, or is ErrEnding or
// ErrEnded; then nothing has changed.
func (s *Supervisor) Order(o Order) (Taken, error) {
	type answer struct {
		Taken
		err error
	}
	answers := make(chan answer, 1)
	s.post(func() {
		t, err := s.order(o)
		answers <- answer{t, err}
	})
	select {
	case a := <-answers:
		return a.Taken, a.err
	case <-s.done:
		return Taken{}, ErrEnded
	}
}

func (s *Supervisor) order(o Order) (Taken, error) {
	named, err := s.named(o.Services)
	switch {
	case err != nil:
		return Taken{}, err
	case s.closing:
		return Taken{}, ErrEnding
	case len(o.Services) == 0 && o.Action == ActionRestart:
		named = s.restartable()
	}
	s.publish() // What came before must not count as what comes of it.
	_, seq := s.hub.snapshot()
	t := Taken{Seq: seq}
	own := make(map[*unit]bool, len(named))
	for _, u := range named {
		own[u] = true
	}
	concerned := s.concerned(named, o)
	before := make(map[*unit]*Status, len(concerned))
	for _, u := range concerned {
		t.Services = append(t.Services, u.Name)
		before[u] = u.status
	}
	for _, u := range concerned {
		// Those that failed with another one begin with it.
		if s.carryOut(o, u, own[u]) || u.status != before[u] {
			t.Changed = append(t.Changed, u.Name)
		}
	}
	s.moved = true
	return t, nil
}

// restartable are those that run, are on their way or have failed.
func (s *Supervisor) restartable() (units []*unit) {
	for _, u := range s.units {
		if u.wanted() && !u.removed && u.status.State != StateCompleted && u.status.State != StateStopped {
			units = append(units, u)
		}
	}
	return units
}

// concerned adds to named what belongs to them, in the order of starting.
func (s *Supervisor) concerned(named []*unit, o Order) []*unit {
	wanted := make(map[string]bool)
	for queue := slices.Clone(named); len(queue) > 0; {
		u := queue[0]
		queue = queue[1:]
		if wanted[u.Name] || u.removed {
			continue
		}
		wanted[u.Name] = true
		switch {
		case o.Alone:
		case o.Action == ActionStop:
			queue = append(queue, u.dependents...)
		default:
			for _, name := range u.needs() {
				queue = append(queue, s.byName[name])
			}
		}
	}
	var names []string
	for _, u := range s.units {
		if wanted[u.Name] {
			names = append(names, u.Name)
		}
	}
	var units []*unit
	for _, name := range graph.Order(names, func(name string) []string { return s.byName[name].needs() }) {
		units = append(units, s.byName[name])
	}
	return units
}

// carryOut does to u what o wants, own says that u was named, and reports whether
// there was anything to do.
func (s *Supervisor) carryOut(o Order, u *unit, own bool) bool {
	switch {
	case o.Action == ActionStop:
		up := u.wanted() && !u.status.State.Settled()
		s.letDown(u)
		return up
	case o.Action == ActionRestart && own:
		s.again(u)
		return true
	case own && !o.Missing:
		return s.bring(u)
	}
	return s.need(u)
}
