package supervisor

import (
	"context"
	"slices"
	"sync"
)

// rememberedEvents is how many events are kept for those who come or read late.
const rememberedEvents = 2048

// hub hands events to subscribers, remembers the last ones and keeps the snapshot.
// The loop writes, anybody reads; no reader can slow the loop.
type hub struct {
	mu       sync.Mutex
	seq      uint64
	statuses []*Status
	// last holds the events up to seq; the one of number n is at n modulo its length
	// once it is full.
	last   []Event
	more   chan struct{} // closed and replaced by the next publication; nil: nobody waits
	subs   []chan Event
	closed bool
}

// publish stores the statuses before it tells anybody.
func (h *hub) publish(statuses []*Status, events []Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.statuses = statuses
	for _, e := range events {
		h.seq++
		e.Seq = h.seq
		h.remember(e)
		for _, c := range h.subs {
			select {
			case c <- e:
			default: // The gap in Seq tells it.
			}
		}
	}
	if len(events) > 0 {
		h.wake()
	}
}

func (h *hub) remember(e Event) {
	if len(h.last) < rememberedEvents {
		h.last = append(h.last, e)
		return
	}
	h.last[(e.Seq-1)%rememberedEvents] = e
}

func (h *hub) wake() {
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

func (h *hub) snapshot() ([]Status, uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Status, len(h.statuses))
	for i, s := range h.statuses {
		out[i] = *s
	}
	return out, h.seq
}

// after copies the events that follow number since, as far as they are remembered
// and buf has room. Where there are none, more closes when there may be some, and
// is nil when none will come.
func (h *hub) after(since uint64, buf []Event) (found []Event, more <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := h.seq - uint64(len(h.last))
	for seq := max(since, oldest) + 1; seq <= h.seq && len(buf) < cap(buf); seq++ {
		buf = append(buf, h.last[(seq-1)%rememberedEvents])
	}
	if len(buf) > 0 || h.closed {
		return buf, nil
	}
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return nil, h.more
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
	h.wake()
}

// Events calls f for each event after number since, first those of the past that
// are still remembered, then new ones as they come, until f returns an error, which
// it returns, ctx ends, or Run returns. A slow f slows nobody: it misses events,
// which a gap in Event.Seq shows. It returns nil at the end of ctx, else ErrEnded.
func (s *Supervisor) Events(ctx context.Context, since uint64, f func(Event) error) error {
	buf := make([]Event, 0, 64)
	for ctx.Err() == nil {
		events, more := s.hub.after(since, buf)
		for _, e := range events {
			if ctx.Err() != nil {
				return nil
			}
			if err := f(e); err != nil {
				return err
			}
			since = e.Seq
		}
		if len(events) > 0 {
			continue
		}
		if more == nil {
			return ErrEnded
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
	return nil
}
