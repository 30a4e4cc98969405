package supervisor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lhrun/lhrun/internal/graph"
)

// Verb is what a Command asks for.
type Verb string

// The verbs of a Command.
const (
	// VerbStart starts services and what they depend on.
	VerbStart Verb = "start"
	// VerbStop stops services, and before them what depends on them.
	VerbStop Verb = "stop"
	// VerbRestart stops services and starts them again once nothing of their process
	// trees is left; what they depend on is started where it is not up.
	VerbRestart Verb = "restart"
)

// Command asks for a change of services, and of those that belong to them, in one step.
type Command struct {
	Verb Verb
	// Services names those that are meant. No names mean all; with VerbRestart, all
	// that are up or have failed.
	Services []string
	// NoDeps leaves out what belongs to the named ones: what they need is neither started
	// nor waited for, until the next start without it.
	NoDeps bool
	// Missing, with VerbStart, leaves completed tasks as they are.
	Missing bool
	// By is whoever asks; the zero By is Options.By.
	By By
}

// Accepted is what became of a Command.
type Accepted struct {
	// Seq is the number of the last event before it.
	Seq uint64
	// Effective is the number of the last event of its first effects: a reader that has
	// come so far sees each service that it concerns on its way, or where it shall be.
	Effective uint64
	// Services are those that it concerns, each after those that it depends on.
	Services []string
	// Changed are those of them that were not yet as it wants them.
	Changed []string
}

// ErrEnding is returned by Do once Run is on its way to return.
var ErrEnding = errors.New("everything is being stopped")

// Do begins to carry c out and returns without waiting for its end. The error names an
// unknown service or verb, or is ErrEnding or ErrEnded; then nothing has changed.
func (s *Supervisor) Do(c Command) (Accepted, error) {
	type answer struct {
		Accepted
		err error
	}
	answers := make(chan answer, 1)
	s.post(func() {
		accepted, err := s.do(c)
		answers <- answer{accepted, err}
	})
	select {
	case a := <-answers:
		return a.Accepted, a.err
	case <-s.done:
		return Accepted{}, ErrEnded
	}
}

func (s *Supervisor) do(c Command) (Accepted, error) {
	named, err := s.named(c.Services)
	switch {
	case err != nil:
		return Accepted{}, err
	case c.Verb != VerbStart && c.Verb != VerbStop && c.Verb != VerbRestart:
		return Accepted{}, fmt.Errorf("there is no verb %q", c.Verb)
	case s.closing:
		return Accepted{}, ErrEnding
	case len(c.Services) == 0 && c.Verb == VerbRestart:
		named = s.restartable()
	}
	own := make(map[*unit]bool, len(named))
	for _, u := range named {
		own[u] = true
	}
	var accepted Accepted
	accepted.Seq, accepted.Effective = s.step(func() {
		by := s.caller(c.By)
		s.asked(by, string(c.Verb), c.Services...)
		concerned := s.concerned(named, c)
		before := make(map[*unit]*Status, len(concerned))
		for _, u := range concerned {
			accepted.Services = append(accepted.Services, u.Name)
			before[u] = u.status
		}
		for _, u := range concerned {
			if c.Verb != VerbStop && u.hold == nil {
				u.unawaited = c.unawaited(u)
			}
			changed := u.changedBy(by, func() bool {
				// Those that failed with another one begin with it.
				return s.carryOut(c, u, own[u]) || u.status != before[u]
			})
			if changed {
				accepted.Changed = append(accepted.Changed, u.Name)
			}
		}
		s.moved = true
	})
	return accepted, nil
}

// step runs a change, publishes what comes of it at once, and returns the numbers of the
// last event before it and of the last one that it has caused so far.
func (s *Supervisor) step(change func()) (before, after uint64) {
	s.publish() // What came before must not count as what comes of it.
	_, before = s.hub.snapshot()
	change()
	s.advance()
	s.forget()
	s.publish()
	_, after = s.hub.snapshot()
	return before, after
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
func (s *Supervisor) concerned(named []*unit, c Command) []*unit {
	wanted := make(map[string]bool)
	for queue := slices.Clone(named); len(queue) > 0; {
		u := queue[0]
		queue = queue[1:]
		if wanted[u.Name] || u.removed {
			continue
		}
		wanted[u.Name] = true
		switch {
		case c.NoDeps:
		case c.Verb == VerbStop:
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

// carryOut does to u what c asks for, and reports whether there was anything to do. own
// says that u was named.
func (s *Supervisor) carryOut(c Command, u *unit, own bool) bool {
	switch {
	case c.Verb == VerbStop:
		up := u.wanted() && !u.status.State.Settled()
		s.stopUnit(u)
		return up
	case c.Verb == VerbRestart && own:
		u.release()
		s.restartUnit(u)
		return true
	case own && !c.Missing:
		return s.startUnit(u)
	}
	return s.ensureUp(u)
}
