package supervisor

import "time"

// EventKind says what an Event tells.
type EventKind string

// The kinds of an Event.
const (
	// EventState: Status has changed, in its State or anything else.
	EventState EventKind = "state"
	// EventExit: a process ended that nobody asked to end. Text says how, Lines
	// are those of its last ones that tell most where it failed, and Behind is how many
	// it has written after the first of them.
	EventExit EventKind = "exit"
	// EventNotice: Text is one line for people, Notice what it is about.
	EventNotice EventKind = "notice"
	// EventRemoved: a reload has taken the service away.
	EventRemoved EventKind = "removed"
	// EventOrder: a reload has changed which services there are, or their order. Order
	// names all, those included that are yet to be removed.
	EventOrder EventKind = "order"
	// EventAsked: somebody asks for a change, which Text names. What comes of it follows.
	EventAsked EventKind = "asked"
)

// Notice says what an EventNotice is about, for programs.
type Notice string

// The notices.
const (
	// NoticeRestarts: the service restarts, or starts again, because of a change.
	NoticeRestarts Notice = "restarts"
	// NoticeSignalled: the service got a signal because of a change.
	NoticeSignalled Notice = "signalled"
	// NoticeSlow: the service is still not ready, or the task not completed.
	NoticeSlow Notice = "slow"
	// NoticeListener: somebody listens where nobody should, or not where the service should.
	NoticeListener Notice = "listener"
	// NoticeLeftovers: the leader ended and left processes behind, which are ended.
	NoticeLeftovers Notice = "leftovers"
	// NoticeTrouble: lhrun could not do something for the service.
	NoticeTrouble Notice = "trouble"
)

// Event is one thing that happened. Seq grows by one with each, so a gap tells a
// reader that it was too slow.
//
// Every change of a Status is an event: a snapshot with the events that follow it
// applied is the next snapshot.
type Event struct {
	Seq     uint64
	Time    time.Time
	Kind    EventKind
	Service string
	Status  Status
	Notice  Notice
	Text    string
	Lines   []string
	Behind  int
	Order   []string
	// By, of EventAsked, says who asks. Of what a service does, its Status says it.
	By By
}
