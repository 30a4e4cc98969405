package cli

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
)

// boundOf closes when this program has been awake for d, a bound that a user has set;
// nil, where d is 0, never does. Of the time that a laptop sleeps, or that Ctrl-Z
// takes, only a part counts: what is waited for has slept as well.
func boundOf(d time.Duration) <-chan struct{} {
	if d <= 0 {
		return nil
	}
	over := make(chan struct{})
	proc.AfterAwake(d, func() { close(over) })
	return over
}

// isOver reports whether a bound has passed.
func isOver(bound <-chan struct{}) bool {
	select {
	case <-bound:
		return true
	default:
		return false
	}
}

// withBound is context.WithTimeout for a bound that a user has set.
func withBound(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	b := &bounded{Context: ctx}
	stop := proc.AfterAwake(d, func() {
		b.late.Store(ctx.Err() == nil)
		cancel()
	})
	return b, func() { stop(); cancel() }
}

// bounded tells the end of its time from that of its parent.
type bounded struct {
	context.Context
	late atomic.Bool
}

func (b *bounded) Err() error {
	if b.late.Load() && b.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return b.Context.Err()
}
