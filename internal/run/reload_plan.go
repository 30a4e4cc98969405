package run

import (
	"slices"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/supervisor"
)

// reloadPlan leads from one state of a project to the next.
type reloadPlan struct {
	now, next *Project
	// asked are the services that are asked to restart, alone says that what they need is
	// left out.
	asked []string
	alone bool
	// wanted are the services that an up of the next state would want.
	wanted  []string
	changes []config.Change
	// starts are the services to start besides those that restart; those that are
	// not new have a reason.
	starts  []string
	reasons map[string]string
	files   []portFile
}

func (r *reloader) plan(next nextState, ask control.Request, statuses []supervisor.Status) (*reloadPlan, error) {
	s := &reloadPlan{now: r.now, next: next.Project, alone: r.options.NoDeps || ask.NoDeps, reasons: map[string]string{}}
	if ask.Restart {
		s.asked = toRestart(ask.Services, statuses)
	}
	s.changes = config.Diff(r.now.Resolved, next.Resolved, statuses, s.asked...)
	var err error
	if s.wanted, err = r.wanted(next.Project); err != nil {
		return nil, err
	}
	before, err := r.wanted(r.now)
	if err != nil {
		return nil, err
	}
	s.findStarts(before, statuses)
	s.files, _, err = planPortFiles(next.Dir, r.now.Resolved.Dotenv, next.Resolved.Dotenv)
	return s, err
}

// toRestart are names or, without any, the services that are up or have failed.
func toRestart(names []string, statuses []supervisor.Status) []string {
	if len(names) > 0 {
		return names
	}
	for _, st := range statuses {
		if st.Wanted && st.State != supervisor.StateCompleted {
			names = append(names, st.Name)
		}
	}
	return names
}

// wanted are the services that this run's up would want of p.
func (r *reloader) wanted(p *Project) ([]string, error) {
	names := slices.DeleteFunc(slices.Clone(r.options.Names), func(name string) bool { return p.Known(name) != nil })
	if len(names) == 0 && len(r.options.Names) > 0 {
		return nil, nil
	}
	known := p.Profiles()
	profiles := slices.DeleteFunc(slices.Clone(r.options.Profiles), func(name string) bool { return !slices.Contains(known, name) })
	return p.Select(names, profiles, r.options.NoDeps)
}

// findStarts finds the services that an up would start now and would not have
// started before, and what they need, as well as what a service needs that restarts
// or has new dependencies, and those that are asked to restart and are not up.
func (s *reloadPlan) findStarts(before []string, statuses []supervisor.Status) {
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
	for _, name := range s.asked {
		if !status[name].Wanted && s.next.Known(name) == nil && !slices.Contains(s.starts, name) {
			s.starts = append(s.starts, name)
			s.reasons[name] = "asked for"
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
	if !s.alone {
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
func (s *reloadPlan) whyWanted(name string) string {
	for _, other := range s.wanted {
		if slices.Contains(s.next.Needs(other), name) {
			return other + " needs it"
		}
	}
	return "up starts it now"
}

// those are the services to which that change is made.
func (s *reloadPlan) those(what string) (names []string) {
	for _, c := range s.changes {
		if c.Do == what {
			names = append(names, c.Service)
		}
	}
	return names
}

func (s *reloadPlan) restarts() []string { return s.those(config.DoRestart) }

// moving are the services that the plan starts or restarts.
func (s *reloadPlan) moving() []string {
	moving := append(s.restarts(), s.starts...)
	return slices.DeleteFunc(s.next.Order(), func(name string) bool { return !slices.Contains(moving, name) })
}

// needed are the services that run once the plan is carried out.
func (s *reloadPlan) needed(statuses []supervisor.Status) []string {
	names := s.moving()
	for _, st := range statuses {
		if st.Wanted {
			names = append(names, st.Name)
		}
	}
	return names
}

// operations lists what the plan does.
func (s *reloadPlan) operations() []control.Operation {
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
			ops = append(ops, control.Operation{Do: DoStart, Service: name, Causes: []string{s.reasons[name]}})
		}
	}
	for _, f := range s.files {
		ops = append(ops, control.Operation{Do: DoWrite, Service: nameIn(s.next.Dir, f.change.Path), Causes: []string{f.cause}})
	}
	return ops
}

// What an Operation does besides what a config.Change does.
const (
	DoStart = "start"
	DoWrite = "write"
)
