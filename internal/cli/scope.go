package cli

import (
	"slices"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

// scope is the services that a verb has to do with, out of a mirror of the run: its
// targets, in their order, and others that somebody asked for besides.
type scope struct {
	mirror  *control.Mirror
	targets []string
	others  []string
	// effective is the event from which on the mirror shows what this verb asked for.
	effective uint64
	// pending was on its way, and alive had not finished, at the last look. To look there
	// first spares a look at all services with each event; the row "500 flat" needs it.
	pending, alive string
}

func newScope(m *control.Mirror, targets []string) scope {
	s := scope{mirror: m, targets: slices.Clone(targets)}
	s.relist()
	return s
}

// relist finds the others anew, and drops what is not part of the run any more.
func (s *scope) relist() {
	if s.mirror.Seq() > 0 {
		gone := func(name string) bool { return !s.knows(name) }
		s.targets, s.others = slices.DeleteFunc(s.targets, gone), slices.DeleteFunc(s.others, gone)
	}
	for st := range s.mirror.All {
		s.note(st)
	}
}

// note lists a service that somebody has asked for.
func (s *scope) note(st control.Service) {
	if st.Wanted && !slices.Contains(s.targets, st.Name) && !slices.Contains(s.others, st.Name) {
		s.others = append(s.others, st.Name)
	}
}

// drop forgets a service that a reload has removed.
func (s *scope) drop(name string) {
	is := func(other string) bool { return other == name }
	s.targets, s.others = slices.DeleteFunc(s.targets, is), slices.DeleteFunc(s.others, is)
}

func (s *scope) knows(name string) bool {
	_, known := s.mirror.Service(name)
	return known
}

// current reports whether the mirror shows what this verb asked for.
func (s *scope) current() bool {
	return s.mirror.Seq() >= s.effective && !slices.ContainsFunc(s.targets, func(name string) bool { return !s.knows(name) })
}

// goal returns the targets, all also those that came in later.
func (s *scope) goal() []control.Service { return s.list(s.targets) }
func (s *scope) all() []control.Service  { return append(s.list(s.targets), s.list(s.others)...) }

// unended returns the services of which a process goes on that lhrun could not end.
func (s *scope) unended() []control.Service {
	return view.Filter(slices.Collect(s.mirror.All), view.IsUnended)
}

func (s *scope) list(names []string) []control.Service {
	out := make([]control.Service, 0, len(names))
	for _, name := range names {
		st, _ := s.mirror.Service(name)
		out = append(out, st)
	}
	return out
}

// reached reports whether no target is on its way any more.
func (s *scope) reached() bool { return !s.some(s.targets, view.IsPending, &s.pending) }

// moves reports whether any service is on its way.
func (s *scope) moves() bool {
	last := ""
	return !s.reached() || s.some(s.others, view.IsPending, &last)
}

// finished reports whether every service has finished.
func (s *scope) finished() bool {
	lives := func(st control.Service) bool { return !view.HasEnded(st) }
	return !s.some(s.targets, lives, &s.alive) && !s.some(s.others, lives, &s.alive)
}

// some reports whether is holds for one of the services, which last then names.
func (s *scope) some(names []string, is func(control.Service) bool, last *string) bool {
	if st, known := s.mirror.Service(*last); known && is(st) {
		return true
	}
	for _, name := range names {
		if st, _ := s.mirror.Service(name); is(st) {
			*last = name
			return true
		}
	}
	return false
}

// lacking says in one line which targets are not ready yet, and why.
func (s *scope) lacking() string {
	return view.DescribeAll(view.Filter(s.goal(), func(st control.Service) bool { return !view.AtTarget(st) }))
}
