package cli

import (
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// allStates are the states in the order of a life.
var allStates = []supervisor.State{
	supervisor.StateWaiting, supervisor.StateStarting, supervisor.StateReady, supervisor.StateUnhealthy,
	supervisor.StateStopping, supervisor.StateBackoff, supervisor.StateCompleted, supervisor.StateStopped, supervisor.StateFailed,
}

// goal is the states that a wait is for; none is the state that each service is on
// its way to: a service ready, a task completed.
type goal []supervisor.State

// parseGoal reads the words of --for.
func parseGoal(words []string) (goal, error) {
	var names []string
	for _, s := range allStates {
		names = append(names, string(s))
	}
	var g goal
	for _, w := range words {
		if !slices.Contains(names, w) {
			return nil, usageError("unknown state %q%s; it is one of %s", w, didYouMean(w, names), strings.Join(names, ", "))
		}
		g = append(g, supervisor.State(w))
	}
	return g, nil
}

// standing is how far a service is on its way to a goal.
type standing uint8

const (
	onItsWay standing = iota
	there
	// never says that it does not get there unless somebody asks for a change.
	never
)

// of says how s stands. A service that nothing more happens to does not get there,
// nor does one that is just being stopped for good.
func (g goal) of(s control.Service) standing {
	want := g
	if len(want) == 0 {
		want = goal{view.TargetState(s)}
	}
	switch state := s.State; {
	case slices.Contains(want, state):
		return there
	case state.Settled():
		return never
	case state == supervisor.StateStopping && !s.Wanted && !slices.Contains(want, supervisor.StateStopped):
		return never
	}
	return onItsWay
}

// possible reports whether s can ever be in one of the states: a task is never
// ready, a service never completed.
func (g goal) possible(s control.Service) bool {
	impossible := map[supervisor.State]bool{supervisor.StateReady: view.IsTask(s), supervisor.StateUnhealthy: view.IsTask(s), supervisor.StateCompleted: !view.IsTask(s)}
	return len(g) == 0 || slices.ContainsFunc(g, func(st supervisor.State) bool { return !impossible[st] })
}

// concerns are the services that a wait without names is for: those that are
// wanted, or, where it is for particular states, those that can be in them.
func (g goal) concerns(list []control.Service) []string {
	var names []string
	for _, s := range list {
		if len(g) == 0 && s.Wanted || len(g) > 0 && g.possible(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// tally is how several services stand.
type tally struct {
	lacking []control.Service
	never   []control.Service
}

// count says how those services stand.
func (g goal) count(list []control.Service) tally {
	var t tally
	for _, s := range list {
		switch g.of(s) {
		case never:
			t.never = append(t.never, s)
		case onItsWay:
			t.lacking = append(t.lacking, s)
		}
	}
	return t
}

// pick returns the services of those names in the order of the snapshot, all
// where there are no names.
func pick(snap control.Snapshot, names []string) ([]control.Service, error) {
	if len(names) == 0 {
		return snap.Services, nil
	}
	known := view.Names(snap.Services)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, exitError{exitUsage, words.Unknown("service", name, known)}
		}
	}
	return view.Filter(snap.Services, func(s control.Service) bool { return slices.Contains(names, s.Name) }), nil
}
