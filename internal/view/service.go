package view

import (
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// InState reports whether s is in one of states.
func InState(s control.Service, states ...supervisor.State) bool {
	return slices.Contains(states, s.State)
}

// IsTask reports whether s runs to completion rather than until it is stopped.
func IsTask(s control.Service) bool { return s.Type == "task" }

// TargetState returns the state that s is on its way to once it is started.
func TargetState(s control.Service) supervisor.State {
	if IsTask(s) {
		return supervisor.StateCompleted
	}
	return supervisor.StateReady
}

// AtTarget reports whether s is ready or completed, and stays so.
func AtTarget(s control.Service) bool {
	return InState(s, supervisor.StateReady, supervisor.StateCompleted) && !s.Restarting
}

// IsFailed reports whether s has failed.
func IsFailed(s control.Service) bool { return InState(s, supervisor.StateFailed) }

// IsSettled reports whether nothing more happens to s unless somebody asks for it.
func IsSettled(s control.Service) bool { return s.State.Settled() }

// IsUnended reports whether a process of s goes on that lhrun could not end.
func IsUnended(s control.Service) bool { return IsSettled(s) && s.PID != 0 }

// IsPending reports whether s is on its way: neither at its target nor settled.
func IsPending(s control.Service) bool { return !AtTarget(s) && !IsSettled(s) }

// FailedByItself reports whether s ran and failed, unlike a service that failed
// because one that it waited for did.
func FailedByItself(s control.Service) bool { return IsFailed(s) && s.StartedAt != nil }

// HasEnded reports whether s finished. A service that somebody stopped by name has not.
func HasEnded(s control.Service) bool {
	return IsSettled(s) && (s.Wanted || !InState(s, supervisor.StateStopped))
}

// Filter returns the services for which is holds.
func Filter(services []control.Service, is func(control.Service) bool) []control.Service {
	var out []control.Service
	for _, s := range services {
		if is(s) {
			out = append(out, s)
		}
	}
	return out
}

// Count returns for how many services is holds.
func Count(services []control.Service, is func(control.Service) bool) int {
	return len(Filter(services, is))
}

// Names returns the services' names in their order.
func Names(services []control.Service) []string {
	out := make([]string, len(services))
	for i, s := range services {
		out[i] = s.Name
	}
	return out
}

// ServiceNamed finds a service in a snapshot.
func ServiceNamed(snap control.Snapshot, name string) (control.Service, bool) {
	i := slices.IndexFunc(snap.Services, func(s control.Service) bool { return s.Name == name })
	if i < 0 {
		return control.Service{}, false
	}
	return snap.Services[i], true
}

// Describe says in one line how s is: "api failed: exited with code 1".
func Describe(s control.Service) string {
	text := s.Name + " is " + string(s.State)
	switch {
	case InState(s, supervisor.StateBackoff):
		text = s.Name + " is in backoff"
	case IsSettled(s) && !InState(s, supervisor.StateStopped):
		text = s.Name + " " + string(s.State)
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// DescribeAll joins the descriptions of several services.
func DescribeAll(services []control.Service) string {
	var parts []string
	for _, s := range services {
		parts = append(parts, Describe(s))
	}
	return strings.Join(parts, "; ")
}
