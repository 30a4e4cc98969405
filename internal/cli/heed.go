package cli

import (
	"context"
	"os"
	"time"
)

// stuckAfter is how long a loop may take to hear of a signal.
const stuckAfter = 500 * time.Millisecond

// heed passes signals on to a loop that also writes. Those that the loop does not
// take, since whoever reads what it writes has stalled, are given to held first,
// and to the loop when it goes on. It ends with ctx.
func heed(ctx context.Context, from <-chan os.Signal, held func(os.Signal)) <-chan os.Signal {
	to := make(chan os.Signal)
	go func() {
		var waiting []os.Signal
		told := 0 // of those, held knows
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
				stuck = time.After(stuckAfter)
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
