package run

import (
	"context"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
)

// Bound returns a channel that closes when this program has been awake for d, a
// bound that a user has set; where d is 0 it is nil. The time that a laptop sleeps,
// or that Ctrl-Z takes, counts only in part: the services have slept as well.
func Bound(d time.Duration) <-chan struct{} {
	if d <= 0 {
		return nil
	}
	over := make(chan struct{})
	proc.AfterAwake(d, func() { close(over) })
	return over
}

// IsOver reports whether a bound has passed.
func IsOver(bound <-chan struct{}) bool {
	select {
	case <-bound:
		return true
	default:
		return false
	}
}

// WithBound is context.WithTimeout for a bound that a user has set.
func WithBound(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	b := &bounded{Context: parent, done: make(chan struct{})}
	stopClock := proc.AfterAwake(d, func() { b.end(context.DeadlineExceeded) })
	stopParent := context.AfterFunc(parent, func() { b.end(parent.Err()) })
	return b, func() {
		stopClock()
		stopParent()
		b.end(context.Canceled)
	}
}

// bounded has a done of its own, so that what derives from it asks for its error.
type bounded struct {
	context.Context
	done chan struct{}
	once sync.Once
	err  error // before done closes
}

func (b *bounded) end(err error) {
	b.once.Do(func() {
		b.err = err
		close(b.done)
	})
}

func (b *bounded) Done() <-chan struct{} { return b.done }

func (b *bounded) Err() error {
	if IsOver(b.done) {
		return b.err
	}
	return nil
}
