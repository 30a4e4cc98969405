package supervisor

import (
	"slices"
	"sync"
	"time"
)

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

// hub hands events to subscribers and keeps the snapshot. The loop writes, anybody
// reads; no reader can slow the loop.
type hub struct {
	mu       sync.Mutex
	seq      uint64
	statuses []*Status
	subs     []chan Event
	closed   bool
}

// publish stores the statuses before it tells anybody.
func (h *hub) publish(statuses []*Status, events []Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.statuses = statuses
	for _, e := range events {
		h.seq++
		e.Seq = h.seq
		for _, c := range h.subs {
			select {
			case c <- e:
			default: // The gap in Seq tells it.
			}
		}
	}
}

func (h *hub) snapshot() []Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Status, len(h.statuses))
	for i, s := range h.statuses {
		out[i] = *s
	}
	return out
}

func (h *hub) subscribe(buffer int) (<-chan Event, func()) {
	c := make(chan Event, buffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(c)
		return c, func() {}
	}
	h.subs = append(h.subs, c)
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if i := slices.Index(h.subs, c); i >= 0 {
			h.subs = slices.Delete(h.subs, i, i+1)
			close(c)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, c := range h.subs {
		close(c)
	}
	h.subs = nil
}
