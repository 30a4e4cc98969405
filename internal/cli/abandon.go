package cli

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
)

// hangUpPatience is what services get to end in after the terminal has gone:
// whoever closes it expects nothing of it to be there a second later.
const hangUpPatience = 700 * time.Millisecond

// held carries a signal out while the loop of a run waits for the reader of its
// output, a stopped pager perhaps. again is: the ending has begun before.
func (c *course) held(sig os.Signal, again bool) {
	switch {
	case !interrupts(sig):
	case again || sig == syscall.SIGQUIT:
		go c.abandon(exitInterrupted)
	default:
		c.pressed.Store(true)
		c.stop()
		if sig == syscall.SIGHUP {
			time.AfterFunc(hangUpPatience, func() { c.abandon(exitInterrupted) })
		}
	}
}

// mourn ends everything at once when the guard has been killed.
func (c *course) mourn(ctx context.Context, guard *proc.GuardedSide) {
	select {
	case <-guard.Lost():
		c.abandon(exitFailed)
	case <-ctx.Done():
	}
}

// abandon kills everything and ends lhrun once nothing is left, whether what lhrun
// has to say is read by anybody or not. The store has what nobody has seen.
func (ses *session) abandon(code int) {
	ses.sup.Kill()
	for limit := time.Now().Add(5 * time.Second); len(ses.sup.Handles(true)) > 0 && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(600 * time.Millisecond) // for the end in order, and its last words
	ses.keepRest()
	os.Exit(code)
}

// keepPatience is for a disk that takes nothing any more.
const keepPatience = 5 * time.Second

// keepRest keeps what services wrote and nobody has read, before an end that does not
// wait for the reader of lhrun's own output.
func (ses *session) keepRest() {
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		ses.sup.KeepRest()
	}()
	select {
	case <-kept:
	case <-time.After(keepPatience):
	}
}
