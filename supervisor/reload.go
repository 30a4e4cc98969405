package supervisor

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// Reload is a new set of services.
type Reload struct {
	// Services are all that there are to be. Those that are no longer among them
	// stop, dependents first, and are forgotten.
	Services []Service
	// Env takes the place of Options.Env.
	Env []string
	// Restart names services to restart, as far as somebody wants them up. Of the
	// others, health, stop, restart and depends_on hold at once, and the rest from
	// the next start on.
	Restart []string
	// Start names services to start where they are not up, as VerbStart with Missing does. New ones
	// that are not among them stay down.
	Start []string
	// NoDeps has what Restart and Start name not wait for what nobody wants up.
	NoDeps bool
	// By is whoever asks, the zero By Options.By; Asked is what for, as in "reload".
	By    By
	Asked string
}

// Reloaded is what a Reload came to.
type Reloaded struct {
	// Seq is the number of the last event before it, Effective that of the last event of
	// its first effects, as in Accepted.
	Seq, Effective uint64
	// Left closes when nothing is left of the processes that it ends.
	Left <-chan struct{}
}

// Apply has r begin, all of it in one step. The error is of services that cannot
// run together, or ErrEnding or ErrEnded; then nothing has changed.
func (s *Supervisor) Apply(r Reload) (Reloaded, error) {
	r.Services = slices.Clone(r.Services)
	for i, svc := range r.Services {
		r.Services[i] = svc.withDefaults()
	}
	if err := check(r.Services); err != nil {
		return Reloaded{}, err
	}
	left := make(chan struct{})
	done := Reloaded{Left: left}
	answer := make(chan error, 1)
	s.post(func() {
		if s.closing {
			answer <- ErrEnding
			return
		}
		var ending []*attempt
		done.Seq, done.Effective = s.step(func() { ending = s.apply(r) })
		s.spawn(func() {
			for _, a := range ending {
				<-a.over
			}
			close(left)
		})
		answer <- nil
	})
	select {
	case err := <-answer:
		return done, err
	case <-s.done:
		return Reloaded{}, ErrEnded
	}
}

// apply returns the attempts that come to their end by it.
func (s *Supervisor) apply(r Reload) (ending []*attempt) {
	by := s.caller(r.By)
	s.asked(by, cmp.Or(r.Asked, "reload"))
	s.base = newEnvironment(r.Env)
	before := s.names()
	var next []*unit
	kept := make(map[string]bool, len(r.Services))
	for _, svc := range r.Services {
		kept[svc.Name] = true
		next = append(next, s.adopt(svc, slices.Contains(r.Restart, svc.Name)))
	}
	for _, u := range s.units {
		if !kept[u.Name] {
			u.removed, u.by = true, by
			s.stopUnit(u)
			next = append(next, u)
		}
	}
	s.units = next
	s.link()
	s.mask = s.mask.With(s.environs()...)
	s.reordered = s.reordered || !slices.Equal(before, s.names())
	for _, name := range r.Restart {
		if u := s.byName[name]; u != nil && u.desired == desiredUp && u.hold == nil {
			u.by = by
			s.restartUnit(u)
		}
	}
	for _, name := range r.Start {
		if u := s.byName[name]; u != nil && !u.removed {
			u.changedBy(by, func() bool { return s.ensureUp(u) })
		}
	}
	if r.NoDeps {
		s.waitForWanted(slices.Concat(r.Restart, r.Start))
	}
	for _, u := range s.units {
		if u.attempt != nil && u.desired != desiredUp {
			ending = append(ending, u.attempt)
		}
	}
	s.moved, s.stale = true, true
	return ending
}

func (s *Supervisor) names() []string {
	names := make([]string, len(s.units))
	for i, u := range s.units {
		names[i] = u.Name
	}
	return names
}

// adopt gives a service its new form. A process that goes on has the new way of
// being asked and of being stopped; one that is to restart ends in its old way.
func (s *Supervisor) adopt(svc Service, restarts bool) *unit {
	u := s.byName[svc.Name]
	if u == nil {
		u = newUnit(svc)
		s.byName[svc.Name] = u
		return u
	}
	u.Service, u.removed = svc, false
	s.amend(u, u.describe)
	a := u.attempt
	if a == nil || a.ending || restarts || a.hold != nil {
		return u
	}
	a.stop = svc.Stop
	if !reflect.DeepEqual(a.health, svc.Health) {
		a.health = svc.Health
		if a.wasReady {
			s.watchHealth(a)
		}
		if a.wasReady && !a.health.Enabled {
			s.assess(a)
		}
	}
	return u
}

// link derives the dependents from the dependencies. A removed service keeps its
// edges until it is gone, so that it stops in order.
func (s *Supervisor) link() {
	for _, u := range s.units {
		u.dependents = nil
	}
	for _, u := range s.units {
		for _, d := range u.DependsOn {
			if dep := s.byName[d.Name]; dep != nil {
				dep.dependents = append(dep.dependents, u)
			}
		}
	}
}

// forget drops the removed services of which nothing is left.
func (s *Supervisor) forget() {
	gone := func(u *unit) bool { return u.removed && u.attempt == nil }
	if !slices.ContainsFunc(s.units, gone) {
		return
	}
	for _, u := range s.units {
		if gone(u) {
			delete(s.byName, u.Name)
			s.tell(u, Event{Kind: EventRemoved})
			u.terminal.end(fmt.Errorf("%s is not part of the project any more", u.Name))
		}
	}
	s.units = slices.DeleteFunc(s.units, gone)
	s.link()
	s.stale = true
}
