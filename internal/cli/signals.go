package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/run"
)

// relaySignals passes signals on to a loop that also writes. Where the loop does not
// take one, because the reader of its output has stalled, held gets it first, and
// the loop when it goes on. The relay ends with ctx.
func relaySignals(ctx context.Context, from <-chan os.Signal, held func(os.Signal)) <-chan os.Signal {
	to := make(chan os.Signal)
	go func() {
		var waiting []os.Signal
		told := 0 // so many of them held has got
		var stuck <-chan time.Time
		for {
			var out chan<- os.Signal
			var first os.Signal
			if len(waiting) > 0 {
				out, first = to, waiting[0]
			}
			select {
			case sig := <-from:
				if resizes(sig) && len(waiting) > 0 {
					continue
				}
				waiting = append(waiting, sig)
				stuck = time.After(run.StuckAfter)
			case out <- first:
				waiting, told = waiting[1:], max(0, told-1)
			case <-stuck:
				for _, sig := range waiting[told:] {
					held(sig)
				}
				told = len(waiting)
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

// endOf returns the signal that has ended ctx.
func endOf(ctx context.Context) os.Signal {
	if by, ok := errors.AsType[signalError](context.Cause(ctx)); ok {
		return by.sig
	}
	return os.Interrupt
}

// untilInterrupted is a context that a Ctrl-C ends, and SIGTERM; its cause is then a
// signalError. A second one ends lhrun at once.
func (g *globals) untilInterrupted(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { signal.Stop(signals) })
	go func() {
		select {
		case sig := <-signals:
			g.interrupted.Store(&signalError{sig, nil})
			cancel(signalError{sig, nil})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// outcome is the end by a signal where err is no more than what that signal has broken off.
func (g *globals) outcome(err error) error {
	if by := g.interrupted.Load(); by != nil && errors.Is(err, context.Canceled) {
		return *by
	}
	return err
}
