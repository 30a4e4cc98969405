package control

import (
	"context"
	"iter"
	"sync"
)

// outbox holds what a client has not been sent yet, a bounded number of bytes: who
// puts more waits. It has one reader.
type outbox struct {
	mu     sync.Mutex
	lines  []byte
	closed bool
	// filled and taken tell the other side, once, that there is something new.
	filled, taken chan struct{}
}

func newOutbox() *outbox {
	return &outbox{filled: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// put adds v as a line. It returns the error of ctx if that ends sooner.
func (o *outbox) put(ctx context.Context, v any) error {
	line, err := encode(v)
	if err != nil {
		return err
	}
	for !o.add(line) {
		select {
		case <-o.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (o *outbox) add(line []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lines) >= maxUnsent {
		return false
	}
	o.lines = append(o.lines, line...)
	notify(o.filled)
	return true
}

// close says that nothing more comes.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	notify(o.filled)
}

// batches are what was put, as many lines at once as there are, until it is closed
// and empty. The bytes are the reader's until it asks for the next.
func (o *outbox) batches() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var lines []byte
		for closed := false; !closed || len(lines) > 0; {
			if len(lines) > 0 && !yield(lines) {
				return
			}
			if lines, closed = o.take(lines[:0]); len(lines) == 0 && !closed {
				<-o.filled
			}
		}
	}
}

// take gives what there is for an empty buffer.
func (o *outbox) take(empty []byte) (lines []byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines, o.lines = o.lines, empty
	notify(o.taken)
	return lines, o.closed
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
