package supervisor

import (
	"fmt"
	"slices"
	"strings"
)

// advance does whatever the states now allow: waiting services start, fail or go
// on waiting; services that are to end are ended once nothing above them lives.
func (s *Supervisor) advance() {
	for s.moved {
		s.moved = false
		for _, u := range s.units {
			switch {
			case u.attempt != nil && u.desired != desiredUp && !u.attempt.ending:
				if s.mayStop(u) {
					s.end(u.attempt)
				}
			case u.attempt == nil && u.desired == desiredUp && u.status.State == StateWaiting:
				s.tryStart(u)
			}
		}
	}
}

// mayStop keeps the order of stopping: dependents that are to end as well go first.
func (s *Supervisor) mayStop(u *unit) bool {
	if s.killed {
		return true
	}
	for _, d := range u.dependents {
		if d.attempt != nil && d.desired != desiredUp {
			return false
		}
	}
	return true
}

func (s *Supervisor) tryStart(u *unit) {
	blockers := s.blockers[:0]
	for _, d := range u.DependsOn {
		dep := s.byName[d.Name]
		if dep == nil || slices.Contains(u.unawaited, d.Name) {
			continue // Only a removed service can depend on one that is gone.
		}
		switch satisfied(d, dep.facts()) {
		case never:
			s.fail(u, because(dep.status), dep.Name)
			return
		case notYet:
			blockers = append(blockers, blocker{dep.Name, dep.status.State})
		}
	}
	s.blockers = blockers
	// Whoever waits is looked at with every change of anybody; this comparison keeps
	// a graph of a hundred from writing its reasons some ten thousand times.
	if len(blockers) > 0 && u.blockedSince == u.status && slices.Equal(blockers, u.blockers) {
		return
	}
	var waits []string
	for _, b := range blockers {
		waits = append(waits, b.name)
	}
	why := reasons(blockers)
	if holder := s.leaving(u); holder != nil {
		waits = append(waits, holder.Name)
		why = append(why, fmt.Sprintf("%s to give its port back (%s)", holder.Name, holder.status.State))
	}
	if waits == nil {
		s.launch(u)
		return
	}
	reason := "waits for " + strings.Join(why, ", ")
	if u.status.Reason != reason || !slices.Equal(u.status.WaitsFor, waits) {
		s.set(u, StateWaiting, reason, func(st *Status) { st.WaitsFor = waits })
	}
	u.blockers, u.blockedSince = slices.Clone(blockers), u.status
}

// blocker is a dependency that does not allow its dependent to start yet.
type blocker struct {
	name  string
	state State
}

// maxReasons bounds the blockers that a reason names: each event holds its own.
const maxReasons = 8

// reasons returns a phrase for each of blockers, or for the first two and the number
// of the others.
func reasons(blockers []blocker) []string {
	named := blockers
	if len(blockers) > maxReasons {
		named = blockers[:2]
	}
	var phrases []string
	for _, b := range named {
		phrases = append(phrases, fmt.Sprintf("%s (%s)", b.name, b.state))
	}
	if more := len(blockers) - len(named); more > 0 {
		phrases[len(phrases)-1] += fmt.Sprintf(" and %d more", more)
	}
	return phrases
}

// leaving is a service on its way down that has a port which u is to have: a
// reload has passed it on.
func (s *Supervisor) leaving(u *unit) *unit {
	for _, other := range s.units {
		a := other.attempt
		if a == nil || other == u || !a.ending && other.desired == desiredUp {
			continue
		}
		if slices.ContainsFunc(a.svc.ports(), u.owns) {
			return other
		}
	}
	return nil
}

// because is the chain of reasons that a dependency's end hands to its waiters.
func because(dep *Status) string {
	if dep.Reason == "" {
		return fmt.Sprintf("%s %s", dep.Name, dep.State)
	}
	return fmt.Sprintf("%s %s: %s", dep.Name, dep.State, dep.Reason)
}

// fail makes u failed, by the dependency of that name or, with "", by itself.
func (s *Supervisor) fail(u *unit, reason, by string) {
	u.failures, u.by = 0, itself
	s.set(u, StateFailed, reason, func(st *Status) { st.FailedBy = by })
}

type answer uint8

const (
	notYet answer = iota
	yes
	never
)

// facts are what a dependent has to know of its dependency. running is: it has a
// process that nobody is ending; wanted is: nobody has asked it to be down.
type facts struct {
	task, running, wanted bool
	state                 State
}

func (u *unit) facts() facts {
	f := facts{u.Task, u.running(), u.wanted(), u.status.State}
	if u.attempt != nil && u.desired != desiredUp {
		f.running, f.state = false, StateStopping // It is as good as on its way.
	}
	return f
}

// satisfied says whether a dependency allows its dependent to start.
func satisfied(d Dependency, f facts) answer {
	want := d.Condition
	if want == "" {
		want = IsReady
		if f.task {
			want = Completed
		}
	}
	switch {
	case f.state == StateFailed, f.state == StateStopped && f.wanted:
		return never
	case f.state == StateCompleted,
		want == Started && f.running,
		want == IsReady && f.state == StateReady:
		return yes
	}
	return notYet
}
