package cli

import (
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
)

const (
	// hangUpPatience is what services get to end in after the terminal has gone:
	// whoever closes it expects nothing of it to be there a second later.
	hangUpPatience = 700 * time.Millisecond
	// stuckAfter is how long lhrun may be busy writing before it counts as stuck.
	stuckAfter = time.Second
)

// heed passes the guard's signals on to the loop of a run. That loop writes, and a
// stopped pager can keep it from ever looking: who presses Ctrl-C again then, or
// kills the guard, still gets the end that was asked for.
func (ses *session) heed(ward *proc.Ward) <-chan os.Signal {
	signals := make(chan os.Signal, 64)
	go func() {
		var waits time.Time // since when the loop has not taken a signal
		for {
			select {
			case sig := <-ward.Signals():
				if resizes(sig) && len(signals) > 0 {
					continue
				}
				if len(signals) == 0 {
					waits = time.Now()
				} else if time.Since(waits) > stuckAfter {
					ses.abandon(exitInterrupted)
				}
				select {
				case signals <- sig:
				default:
				}
			case <-ward.Lost():
				ses.abandon(exitFailed)
			}
		}
	}()
	return signals
}

// abandon kills everything and ends lhrun once nothing is left, whether what lhrun
// has to say is read by anybody or not.
func (ses *session) abandon(code int) {
	ses.sup.Kill()
	for limit := time.Now().Add(5 * time.Second); len(ses.sup.Processes()) > 0 && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(600 * time.Millisecond) // for the end in order, and its last words
	os.Exit(code)
}
