package cli

import (
	"context"
	"os"
	"time"
)

// leaveAfter is how long a run that was asked down may take for its last words once
// nothing runs any more.
const leaveAfter = 2 * time.Second

// heedDowns passes on to the loop of a run that somebody wants it down. A loop that
// is stuck, since whoever reads what it writes has stalled, keeps nobody waiting:
// the end begins without it, and lhrun leaves when nothing runs any more. The store
// has what nobody has seen. It ends with ctx.
func (c *course) heedDowns(ctx context.Context) <-chan bool {
	to := make(chan bool)
	go func() {
		select {
		case kill := <-c.downs:
			c.pass(to, kill)
		case <-ctx.Done():
			return
		}
		gone := c.sup.Done()
		var leave <-chan time.Time
		for {
			select {
			case kill := <-c.downs:
				c.pass(to, kill)
			case <-gone:
				gone, leave = nil, time.After(leaveAfter)
			case <-leave:
				c.keepRest()
				_ = c.instance.release() // Nothing is left to find.
				os.Exit(0)
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

// pass tells the loop, or does without it.
func (c *course) pass(to chan<- bool, kill bool) {
	select {
	case to <- kill:
	case <-time.After(stuckAfter):
		c.stop()
		if kill {
			c.sup.Kill()
		}
	}
}
