package supervisor

import (
	"maps"
	"slices"
)

// Apply replaces the services and the shared environment. Services that are no
// longer among them are stopped, dependents first, and forgotten; new ones are
// added and not started. Those in restart are restarted if they are up; the others
// that changed have their new form at their next start. On an error nothing has
// changed.
func (s *Supervisor) Apply(services []Service, env []string, restart []string) error {
	services = slices.Clone(services)
	for i, svc := range services {
		services[i] = svc.withDefaults()
	}
	if err := check(services); err != nil {
		return err
	}
	done := make(chan struct{})
	s.post(func() {
		defer close(done)
		if !s.closing {
			s.apply(services, newEnvironment(env), restart)
		}
	})
	select {
	case <-done:
	case <-s.done:
	}
	return nil
}

func (s *Supervisor) apply(services []Service, base environment, restart []string) {
	s.base = base
	var next []*unit
	kept := make(map[string]bool, len(services))
	for _, svc := range services {
		kept[svc.Name] = true
		u := s.byName[svc.Name]
		if u == nil {
			u = newUnit(svc)
			s.byName[svc.Name] = u
		}
		u.Service, u.removed = svc, false
		s.amend(u, func(st *Status) {
			st.Task, st.Port, st.Ports, st.URL = svc.Task, svc.Port, maps.Clone(svc.Ports), svc.URL
		})
		next = append(next, u)
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
	s.moved, s.stale = true, true
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
