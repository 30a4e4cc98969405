package cli

import (
	"context"
	"os"
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
