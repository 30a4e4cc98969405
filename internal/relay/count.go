package relay

import (
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

// count tells of a connection that nobody decodes: how long it takes, and how many bytes.
type count struct {
	emit decode.Emit

	mu  sync.Mutex
	now decode.Exchange
}

func newCount(emit decode.Emit) *count {
	c := &count{emit: emit, now: decode.Exchange{Seq: 1, Protocol: decode.TCP, Began: time.Now()}}
	emit(c.now)
	return c
}

// add counts bytes that have passed.
func (c *count) add(dir decode.Direction, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	part := &c.now.Request
	if dir == decode.Down {
		part = &c.now.Response
		if c.now.Answered.IsZero() && n > 0 {
			c.now.Answered = time.Now()
		}
	}
	part.Size += n
	part.Wire += n
	c.emit(c.now)
}

// end says that the connection has ended.
func (c *count) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Ended = time.Now()
	c.emit(c.now)
}
