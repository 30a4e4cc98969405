package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// foreground is the policy of up in the process that hosts the run, from its start to its
// end.
type foreground struct {
	*hosted
	upOptions
	reason error
	// since is when the end began.
	since time.Time
	// pressed is the signal that has begun the end while the loop was held up.
	pressed atomic.Pointer[os.Signal]
	// stopped counts the services that ran when the end began.
	stopped int
}

// runForeground drives a hosted run in the care of guard.
func runForeground(h *hosted, o upOptions, guard *proc.GuardedSide) error {
	// With a handler a closed stdout is an error of write, not lhrun's sudden death.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	c := &foreground{hosted: h, upOptions: o}
	defer c.Stop()
	c.bound, c.calm = run.Bound(o.timeout), c.Calm
	c.Busy()
	var err error
	if c.effective, err = c.Start(); err != nil {
		c.end(err, "")
	}
	whole, over := context.WithCancel(context.Background())
	defer over()
	c.signals, c.stops = relaySignals(whole, guard.Signals(), c.held), c.RelayStops(whole)
	go c.guardLost(whole, guard)
	when(c.follower, c.Unused(), c.unused)
	when(c.follower, c.screen.Failed(), func(struct{}) {
		c.end(exitError{exitFailed, fmt.Errorf("cannot write the output: %w", c.screen.Err())}, "")
	})
	when(c.follower, guard.Lost(), func(struct{}) { // guardLost kills everything.
		c.end(exitError{exitFailed, nil}, "the guard process of this run was killed, so everything is ended")
	})
	outcome := c.follow(context.Background(), c)
	if sig := c.pressed.Load(); outcome == nil && sig != nil {
		return signalError{*sig, nil}
	}
	return outcome
}

// hangUpPatience is what services get to end in after the terminal has gone:
// whoever closes it expects nothing of it to be there a second later.
const hangUpPatience = 700 * time.Millisecond

// held carries a signal out while the loop waits for the reader of its output, a
// stopped pager perhaps.
func (c *foreground) held(sig os.Signal) {
	switch {
	case !interrupts(sig):
	case c.Stopping() || sig == syscall.SIGQUIT:
		go c.HardExit(signalCode(sig))
	default:
		c.pressed.Store(&sig)
		c.Stop()
		if sig == syscall.SIGHUP {
			time.AfterFunc(hangUpPatience, func() { c.HardExit(signalCode(sig)) })
		}
	}
}

// guardLost ends everything at once when the guard has been killed.
func (c *foreground) guardLost(ctx context.Context, guard *proc.GuardedSide) {
	select {
	case <-guard.Lost():
		c.HardExit(exitFailed)
	case <-ctx.Done():
	}
}

// event decides whether the run cannot or must not go on. A service that somebody stopped
// by name does not count as finished.
func (c *foreground) event(e control.Change) {
	if c.ending {
		return
	}
	c.summarize()
	switch st := e.Service; {
	case c.IsOneOff(): // Its users say when it ends.
		return
	case st == nil:
	case c.Procfile && !c.keepGoing && e.Kind == supervisor.EventState && !view.IsTask(*st) && view.HasEnded(*st):
		c.end(exitError{procfileCode(*st), nil}, st.Name+" ended, so the others are stopped")
		return
	case c.abortOnFailure && view.IsFailed(*st):
		c.end(exitError{failedCode(*st), errors.New(view.Describe(*st))}, "")
		return
	}
	if c.current() && c.finished() {
		c.end(verdict(c.all()), "")
	}
}

// unused ends a one-off run, in no more time than a hang-up gives where the last user was
// killed: nothing may be left then.
func (c *foreground) unused(killed bool) {
	c.end(nil, "nobody uses it any more")
	if killed {
		time.AfterFunc(hangUpPatience, c.Kill)
	}
}

func procfileCode(st control.Service) int {
	if st.ExitCode != nil {
		return *st.ExitCode
	}
	return exitFailed
}

// failedCode tells a service that was not ready in time from one that failed.
func failedCode(st control.Service) int {
	if st.TimedOut {
		return exitNotInTime
	}
	return exitFailed
}

// verdict is the outcome of services that have all finished.
func verdict(services []control.Service) error {
	failed := view.Filter(services, view.FailedByItself)
	late := view.Count(failed, func(st control.Service) bool { return st.TimedOut })
	switch {
	case view.Count(services, view.IsFailed) == 0:
		return nil
	case late > 0 && late == len(failed):
		return exitError{exitNotInTime, nil}
	}
	return exitError{exitFailed, nil}
}

func (c *foreground) signal(sig os.Signal) {
	switch {
	case resizes(sig):
		c.Resize()
	case sig == syscall.SIGQUIT:
		go c.HardExit(signalCode(sig)) // What is said may find no reader.
		c.end(signalError{sig, nil}, "killing everything")
	case sig == syscall.SIGHUP:
		time.AfterFunc(hangUpPatience, func() {
			c.Kill()
			time.AfterFunc(run.LeaveAfter, func() { c.HardExit(signalCode(sig)) }) // What is said may find no reader.
		})
		c.end(signalError{sig, nil}, "the terminal is gone, stopping")
	case !c.ending:
		c.end(signalError{sig, nil}, "stopping; Ctrl-C again kills")
	default:
		c.Kill()
		c.screen.Wipe()
		c.view.Say("killing what is left")
	}
}

func (c *foreground) stop(kill bool) {
	c.end(verdict(c.all()), "stopping, as another lhrun asks")
	if kill {
		c.Kill()
		c.view.Say("killing what is left")
	}
}

// end begins the stop in order; the first reason stays.
func (c *foreground) end(reason error, why string) {
	if c.ending {
		return
	}
	c.ending, c.since, c.reason = true, time.Now(), reason
	c.stopped = view.Count(c.all(), func(st control.Service) bool { return st.PID != 0 })
	c.Stop() // Before a word is said: that may take for ever.
	c.Busy()
	c.screen.Wipe()
	c.view.Live(nil)
	if why != "" {
		c.view.Say("%s", why)
	}
}

func (c *foreground) tick(now time.Time) {
	if c.ending {
		c.view.Stopping(c.all(), now.Sub(c.since))
	} else {
		c.view.Progress(c.all(), now)
	}
}

func (c *foreground) late() {
	if !c.settled {
		c.end(exitError{exitNotInTime, fmt.Errorf("not ready within %s: %s", c.timeout, c.lacking())}, "")
	}
}

// ended takes the end of the run, which every event has come before.
func (c *foreground) ended(error) {
	c.view.Live(nil)
	if err := <-c.Ended(); err != nil { // It is of the log store: nothing that ran is the worse for it.
		c.view.Warn("%v", err)
	}
	unended := c.unended()
	if n := c.stopped - len(unended); n > 0 {
		c.view.Goodbye(n, time.Since(c.since))
	}
	c.finish(whole(c.reason, unended))
}

// whole is the outcome of an end that has left unended: whatever the reason for it was,
// that is a failure.
func whole(reason error, unended []control.Service) error {
	if len(unended) == 0 {
		return reason
	}
	return exitError{exitFailed, errors.New(view.DescribeAll(unended))}
}
