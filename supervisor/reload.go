package supervisor

import (
	"reflect"
	"slices"
)

// Apply replaces the services and the shared environment. Services that are no
// longer among them are stopped, dependents first, and forgotten; new ones are
// added and not started. Those in restart are restarted if somebody wants them up;
// of the others, health, stop, restart and depends_on hold at once and the rest
// from the next start on.
//
// left closes when nothing is left of the processes that this ends. The error is of
// services that cannot run together, or ErrEnding or ErrEnded; then nothing has
// changed.
func (s *Supervisor) Apply(services []Service, env []string, restart []string) (left <-chan struct{}, err error) {
	services = slices.Clone(services)
	for i, svc := range services {
		services[i] = svc.withDefaults()
	}
	if err := check(services); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	answer := make(chan error, 1)
	s.post(func() {
		if s.closing {
			answer <- ErrEnding
			return
		}
		ending := s.apply(services, newEnvironment(env), restart)
		s.spawn(func() {
			for _, a := range ending {
				<-a.over
			}
			close(done)
		})
		answer <- nil
	})
	select {
	case err := <-answer:
		return done, err
	case <-s.done:
		return nil, ErrEnded
	}
}

// apply returns the attempts that come to their end by it.
func (s *Supervisor) apply(services []Service, base environment, restart []string) (ending []*attempt) {
	s.base = base
	var next []*unit
	kept := make(map[string]bool, len(services))
	for _, svc := range services {
		kept[svc.Name] = true
		next = append(next, s.adopt(svc, slices.Contains(restart, svc.Name)))
	}
	for _, u := range s.units {
		if !kept[u.Name] {
			u.removed = true
			s.letDown(u)
			next = append(next, u)
		}
	}
	s.units = next
	s.link()
	for _, name := range restart {
		if u := s.byName[name]; u != nil && u.wish == wishUp {
			s.again(u)
		}
	}
	for _, u := range s.units {
		if u.attempt != nil && u.wish != wishUp {
			ending = append(ending, u.attempt)
		}
	}
	s.moved, s.stale = true, true
	return ending
}

// adopt gives a service its new form. A process that goes on has the new way of
// being asked and of being stopped; one that is to restart ends in its old way.
func (s *Supervisor) adopt(svc Service, restarts bool) *unit {
	u := s.byName[svc.Name]
	if u == nil {
		u = newUnit(svc)
		s.byName[svc.Name] = u
		s.tell(u, Event{Kind: EventState})
		return u
	}
	u.Service, u.removed = svc, false
	before := *u.status
	s.amend(u, u.describe)
	if !reflect.DeepEqual(before, *u.status) {
		s.tell(u, Event{Kind: EventState})
	}
	a := u.attempt
	if a == nil || a.ending || restarts {
		return u
	}
	a.stop = svc.Stop
	if !reflect.DeepEqual(a.health, svc.Health) {
		a.health = svc.Health
		if a.wasReady {
			s.watchHealth(a)
		}
		if !a.health.Enabled {
			s.recovered(u)
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
		}
	}
	s.units = slices.DeleteFunc(s.units, gone)
	s.link()
	s.stale = true
}
