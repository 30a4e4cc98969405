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

// foreground is a run that this process hosts from its start to its end: whether
// it is ending, and with what outcome.
type foreground struct {
	*hosted
	upOptions
	outcome error
	ending  time.Time
	// pressed says that a signal has begun the end while the loop was held up.
	pressed atomic.Bool
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
	c.started, c.changed, c.bound = time.Now(), true, run.Bound(o.timeout)
	c.Busy()
	events := c.follow(context.Background(), 0)
	if err := c.Start(); err != nil {
		c.end(err, "")
	}
	whole, over := context.WithCancel(context.Background())
	defer over()
	signals := relaySignals(whole, guard.Signals(), c.held)
	go c.guardLost(whole, guard)
	if err := c.drive(guard, signals, c.RelayStops(whole), events); err != nil {
		c.view.Warn("%v", err)
	}
	if c.outcome == nil && c.pressed.Load() {
		return exitError{exitInterrupted, nil}
	}
	return c.outcome
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
		go c.HardExit(exitInterrupted)
	default:
		c.pressed.Store(true)
		c.Stop()
		if sig == syscall.SIGHUP {
			time.AfterFunc(hangUpPatience, func() { c.HardExit(exitInterrupted) })
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

// drive is the one loop of a run. The error is of the log store: nothing that ran
// is the worse for it.
func (c *foreground) drive(guard *proc.GuardedSide, signals <-chan os.Signal, stops <-chan bool, from *stream) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	ticking := true
	events, broken, lost := from.events, c.screen.Failed(), guard.Lost()
	for {
		if c.moving() != ticking {
			ticking = !ticking
			c.pace(tick, ticking)
		}
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			c.event(e)
		case sig := <-signals:
			c.signal(sig)
		case kill := <-stops:
			c.down(kill)
		case <-broken:
			broken = nil
			c.end(exitError{exitFailed, fmt.Errorf("cannot write the output: %w", c.screen.Err())}, "")
		case <-lost:
			lost = nil // guardLost kills everything.
			c.end(exitError{exitFailed, nil}, "the guard process of this run was killed, so everything is ended")
		case now := <-tick.C:
			c.tick(now)
		case err := <-c.Ended():
			c.finish(events)
			return err
		}
	}
}

// tickEvery is how often a verb that waits, or a run that moves, looks at the time.
const tickEvery = 100 * time.Millisecond

// moving reports whether there is progress to show or a deadline to keep. A run in
// which everything is ready wakes up for nothing.
func (c *foreground) moving() bool {
	return !c.settled || !c.ending.IsZero() || c.replica.moves()
}

func (c *foreground) pace(t *time.Ticker, on bool) {
	if on {
		t.Reset(tickEvery)
		return
	}
	t.Stop()
	c.view.Progress(c.replica.all(), time.Now())
	c.Calm()
}

// event takes an event and decides whether it ends the run.
func (c *foreground) event(e control.Event) {
	c.take(e, !c.ending.IsZero())
	if c.ending.IsZero() {
		c.judge(e)
	}
}

// judge ends the run where it cannot or must not go on. A service that somebody
// stopped by name does not count as finished.
func (c *foreground) judge(e control.Event) {
	c.settle()
	switch st := e.Service; {
	case st == nil:
	case c.Procfile && !c.keepGoing && e.Kind == supervisor.EventState && view.HasEnded(*st):
		c.end(exitError{procfileCode(*st), nil}, st.Name+" ended, so the others are stopped")
		return
	case c.abortOnFailure && view.IsFailed(*st):
		c.end(exitError{failedCode(*st), errors.New(view.Describe(*st))}, "")
		return
	}
	if c.replica.ended() {
		c.end(verdict(c.replica.all()), "")
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
		go c.HardExit(exitInterrupted) // What is said may find no reader.
		c.end(exitError{exitInterrupted, nil}, "killing everything")
	case sig == syscall.SIGHUP:
		time.AfterFunc(hangUpPatience, func() {
			c.Kill()
			time.AfterFunc(run.LeaveAfter, func() { c.HardExit(exitInterrupted) }) // What is said may find no reader.
		})
		c.end(exitError{exitInterrupted, nil}, "the terminal is gone, stopping")
	case c.ending.IsZero():
		c.end(exitError{exitInterrupted, nil}, "stopping; Ctrl-C again kills")
	default:
		c.Kill()
		c.screen.Wipe()
		c.view.Say("killing what is left")
	}
}

// down is what another process asks for.
func (c *foreground) down(kill bool) {
	c.end(verdict(c.replica.all()), "stopping, as another lhrun asks")
	if kill {
		c.Kill()
		c.view.Say("killing what is left")
	}
}

// end begins the stop in order; the first outcome stays.
func (c *foreground) end(outcome error, why string) {
	if !c.ending.IsZero() {
		return
	}
	c.ending, c.outcome = time.Now(), maskError(outcome, c.Mask)
	c.stopped = view.Count(c.replica.all(), func(st control.Service) bool { return st.PID != 0 })
	c.Stop() // Before a word is said: that may take for ever.
	c.Busy()
	c.screen.Wipe()
	c.view.Live(nil)
	if why != "" {
		c.view.Say("%s", why)
	}
}

func (c *foreground) tick(now time.Time) {
	if !c.ending.IsZero() {
		c.view.Stopping(c.replica.all(), now.Sub(c.ending))
		return
	}
	c.view.Progress(c.replica.all(), now)
	if !c.settled && run.IsOver(c.bound) {
		c.end(exitError{exitNotInTime, fmt.Errorf("not ready within %s: %s", c.timeout, c.replica.pending())}, "")
	}
}

// finish takes the last events, which come before the channel closes.
func (c *foreground) finish(events <-chan control.Event) {
	if events != nil {
		for e := range events {
			c.event(e)
		}
	}
	c.view.Live(nil)
	if c.stopped > 0 {
		c.view.Goodbye(c.stopped, time.Since(c.ending))
	}
}
