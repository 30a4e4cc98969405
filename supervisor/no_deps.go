package supervisor

import "slices"

// unawaited names what u needs and c neither starts nor waits for.
func (c Command) unawaited(u *unit) []string {
	if !c.NoDeps || len(c.Services) == 0 {
		return nil
	}
	return slices.DeleteFunc(u.needs(), func(name string) bool { return slices.Contains(c.Services, name) })
}

// waitForWanted has the named services wait only for those dependencies that are wanted.
func (s *Supervisor) waitForWanted(names []string) {
	for _, name := range names {
		if u := s.byName[name]; u != nil {
			u.unawaited = slices.DeleteFunc(u.needs(), func(need string) bool {
				dep := s.byName[need]
				return dep != nil && dep.wanted()
			})
		}
	}
}
