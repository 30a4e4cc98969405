package view

import (
	"slices"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// cause is a service, with the services that are the reason of its state.
type cause struct {
	control.Service
	because []*cause
}

// causeOf finds the whole chain of reasons of a service: what it waits for, what
// that waits for, down to the services at fault.
func causeOf(snap control.Snapshot, s control.Service) *cause {
	return chain(snap, s, map[string]bool{})
}

func chain(snap control.Snapshot, s control.Service, seen map[string]bool) *cause {
	c := &cause{Service: s}
	seen[s.Name] = true
	for _, name := range blockers(s) {
		dep, ok := ServiceNamed(snap, name)
		if ok && !seen[name] {
			c.because = append(c.because, chain(snap, dep, seen))
		}
	}
	return c
}

// blockers are the services that keep s where it is: those that it waits for, or the
// one that failed it.
func blockers(s control.Service) []string {
	if InState(s, supervisor.StateWaiting) {
		return s.WaitsFor
	}
	if s.FailedBy != "" {
		return []string{s.FailedBy}
	}
	return nil
}

// roots are the services at the ends of the chain, each once: those at fault.
func (c *cause) roots() []*cause {
	if len(c.because) == 0 {
		return []*cause{c}
	}
	var out []*cause
	for _, b := range c.because {
		for _, root := range b.roots() {
			if !slices.ContainsFunc(out, func(o *cause) bool { return o.Name == root.Name }) {
				out = append(out, root)
			}
		}
	}
	return out
}

// hasSpoken reports whether s has run and is not at its target, so that its last
// lines may tell why.
func hasSpoken(s control.Service) bool {
	ran := s.StartedAt != nil || s.Restarts > 0 || s.ExitCode != nil
	return ran && !InState(s, TargetState(s))
}
