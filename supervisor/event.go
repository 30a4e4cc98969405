package supervisor

import "time"

// EventKind says what an Event tells.
type EventKind string

// The kinds of an Event.
const (
	// EventState: Status has a new State.
	EventState EventKind = "state"
	// EventExit: a process ended that nobody asked to end. Text says how, Lines
	// are its last ones where it failed.
	EventExit EventKind = "exit"
	// EventNotice: Text is one line for people.
	EventNotice EventKind = "notice"
	// EventRemoved: a reload has taken the service away.
	EventRemoved EventKind = "removed"
)

// Event is one thing that happened. Seq grows by one with each, so a gap tells a
// reader that it was too slow.
type Event struct {
	Seq     uint64
	Time    time.Time
	Kind    EventKind
	Service string
	Status  Status
	Text    string
	Lines   []string
}
