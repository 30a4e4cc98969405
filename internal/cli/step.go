package cli

import (
	"slices"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/supervisor"
)

// step leads from one state of a project to the next.
type step struct {
	now, next *project
	// wanted are the services that an up of the next state would want.
	wanted  []string
	changes []config.Change
	// starts are the services to start besides those that restart, each for a
	// reason where it is not new.
	starts  []string
	reasons map[string]string
	files   []portFile
}

func (r *reloader) step(next *project, statuses []supervisor.Status) (*step, error) {
	s := &step{now: r.now, next: next, reasons: map[string]string{}}
	s.changes = config.Diff(r.now.resolved, next.resolved, statuses)
	var err error
	if s.wanted, err = r.wanted(next); err != nil {
		return nil, err
	}
	before, err := r.wanted(r.now)
	if err != nil {
		return nil, err
	}
	s.findStarts(before, statuses, r.options.noDeps)
	s.files, _, err = planPortFiles(next.Dir, r.now.resolved.Dotenv, next.resolved.Dotenv)
	return s, err
}

// wanted are the services that this run's up would want of p.
func (r *reloader) wanted(p *project) ([]string, error) {
	names := slices.DeleteFunc(slices.Clone(r.options.names), func(name string) bool { return p.known(name) != nil })
	if len(names) == 0 && len(r.options.names) > 0 {
		return nil, nil
	}
	known := p.Profiles()
	profiles := slices.DeleteFunc(slices.Clone(r.globals.profiles), func(name string) bool { return !slices.Contains(known, name) })
	return p.Select(names, profiles, r.options.noDeps)
}

// findStarts finds what an up would start now and would not have before, and what
// that, or a service that restarts or has new dependencies, needs.
func (s *step) findStarts(before []string, statuses []supervisor.Status, alone bool) {
	status := map[string]supervisor.Status{}
	for _, st := range statuses {
		status[st.Name] = st
	}
	roots := s.those(config.DoRestart)
	for _, name := range s.wanted {
		if !slices.Contains(before, name) {
			s.starts = append(s.starts, name)
			s.reasons[name] = s.whyWanted(name)
		}
	}
	roots = append(roots, s.starts...)
	needs := s.next.Needs
	for _, svc := range s.next.Services {
		for _, need := range needs(svc.Name) {
			if status[svc.Name].Wanted && !slices.Contains(s.now.Needs(svc.Name), need) {
				roots = append(roots, svc.Name)
			}
		}
	}
	if !alone {
		for _, name := range graph.Closure(roots, needs) {
			for _, need := range needs(name) {
				if s.reasons[need] == "" {
					s.reasons[need] = name + " needs it"
				}
			}
		}
		for _, name := range graph.Closure(roots, needs) {
			if !slices.Contains(roots, name) {
				s.starts = append(s.starts, name)
			}
		}
	}
	s.starts = slices.DeleteFunc(s.starts, func(name string) bool {
		st := status[name]
		down := !st.Wanted || st.State == supervisor.StateFailed || st.State == supervisor.StateStopped
		return !down || slices.Contains(s.those(config.DoRestart), name)
	})
}

// whyWanted says why an up wants a service now that it did not want before.
func (s *step) whyWanted(name string) string {
	for _, other := range s.wanted {
		if slices.Contains(s.next.Needs(other), name) {
			return other + " needs it"
		}
	}
	return "up starts it now"
}

// those are the services to which the change is to be made.
func (s *step) those(what string) (names []string) {
	for _, c := range s.changes {
		if c.Do == what {
			names = append(names, c.Service)
		}
	}
	return names
}

func (s *step) restarts() []string { return s.those(config.DoRestart) }

// moving are the services that are on their way by it.
func (s *step) moving() []string {
	moving := append(s.restarts(), s.starts...)
	return slices.DeleteFunc(s.next.Order(), func(name string) bool { return !slices.Contains(moving, name) })
}

// operations are what it does, in the words of plan.
func (s *step) operations() []control.Operation {
	ops := []control.Operation{}
	added := s.those(config.DoAdd)
	for _, c := range s.changes {
		op := control.Operation{Do: c.Do, Service: c.Service, Causes: c.Causes}
		if c.Do == config.DoAdd && !slices.Contains(s.starts, c.Service) {
			op.Causes = append(slices.Clone(op.Causes), "not started by itself")
		}
		ops = append(ops, op)
	}
	for _, name := range s.starts {
		if !slices.Contains(added, name) {
			ops = append(ops, control.Operation{Do: doStart, Service: name, Causes: []string{s.reasons[name]}})
		}
	}
	for _, f := range s.files {
		ops = append(ops, control.Operation{Do: doWrite, Service: nameIn(s.next.Dir, f.change.Path), Causes: []string{f.cause}})
	}
	return ops
}

// What an Operation does besides what a config.Change does.
const (
	doStart = "start"
	doWrite = "write"
)
