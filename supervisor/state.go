package supervisor

import "time"

// State is where a service is in its life.
type State string

// The states, in the words that users see everywhere.
const (
	StateWaiting   State = "waiting"
	StateStarting  State = "starting"
	StateReady     State = "ready"
	StateUnhealthy State = "unhealthy"
	StateStopping  State = "stopping"
	StateBackoff   State = "backoff"
	StateCompleted State = "completed"
	StateStopped   State = "stopped"
	StateFailed    State = "failed"
)

// Settled reports whether nothing more happens in s unless somebody asks for it.
func (s State) Settled() bool {
	return s == StateCompleted || s == StateStopped || s == StateFailed
}

// Status is what is known of one service at one moment. It is a value: readers
// may keep it.
type Status struct {
	Name        string
	Description string
	Task        bool
	State       State
	// Wanted reports that somebody asked for it, and nobody has stopped it since.
	Wanted bool
	// Restarting reports that it is to end and to start again, and has not ended yet.
	Restarting bool
	// PID is the leader's; 0 when nothing runs. A service in a settled State has one where
	// a process of it could not be ended.
	PID   int
	Port  int
	Ports map[string]int
	URL   string
	// Names and Origin are the Service's.
	Names  []string
	Origin string
	// Restarts counts starts after the first one of this run.
	Restarts int
	// StartedAt and ReadyAt belong to the current or last attempt; zero when it
	// never came so far. Nothing of the attempt is older than StartedAt.
	StartedAt time.Time
	ReadyAt   time.Time
	// Since is when State was entered.
	Since time.Time
	// ExitCode is the last exit's, 128+n for signal n; nil before any exit.
	ExitCode *int
	// Reason says in one line, for people, why the service is in this state.
	Reason string
	// By says who has caused the present attempt, or the end of the last one.
	By By
	// DependsOn names all its dependencies.
	DependsOn []string
	// WaitsFor names the dependencies that a waiting service still needs, and a service
	// that has yet to give it its port.
	WaitsFor []string
	// FailedBy names the dependency whose end made the service fail; "" where it failed
	// by itself, or has not failed.
	FailedBy string
	// TimedOut says that the service failed because it was not ready in time.
	TimedOut bool
	// NextTry is when a service in backoff starts again.
	NextTry time.Time
}
