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
)

// course is what a run knows of its own way: whether all was settled once,
// whether it is ending, and with what outcome.
type course struct {
	*session
	stop    func()
	outcome error
	ending  time.Time
	// rested is: all was as it should be once.
	rested bool
	// pressed is: a signal has begun the ending while the loop was held up.
	pressed atomic.Bool
	// stopped counts the services that ran when the ending began.
	stopped int
}

// run drives a session from its start to its end, in the care of guard.
func (ses *session) run(guard *proc.GuardedSide) error {
	// With a handler a closed stdout is an error of write, not lhrun's sudden death.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c := &course{session: ses, stop: stop}
	c.started, c.changed, c.bound = time.Now(), true, boundOf(ses.options.timeout)
	eager()
	news := c.follow(context.Background(), 0)
	ended := make(chan error, 1)
	go func() { ended <- ses.sup.Run(ctx) }()
	if err := c.begin(); err != nil {
		c.end(err, "")
	}
	whole, over := context.WithCancel(context.Background())
	defer over()
	signals := heed(whole, guard.Signals(), func(sig os.Signal) { c.held(sig, ctx.Err() != nil) })
	go c.mourn(whole, guard)
	if err := c.drive(guard, signals, c.heedDowns(whole), news, ended); err != nil {
		c.view.warn("%v", err)
	}
	if c.outcome == nil && c.pressed.Load() {
		return exitError{exitInterrupted, nil}
	}
	return c.outcome
}

// drive is the one loop of a run. The error is of the log store: nothing that ran
// is the worse for it.
func (c *course) drive(guard *proc.GuardedSide, signals <-chan os.Signal, downs <-chan bool, news *news, ended <-chan error) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	ticking := true
	events, broken, lost := news.events, c.screen.Failed(), guard.Lost()
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
		case kill := <-downs:
			c.down(kill)
		case <-broken:
			broken = nil
			c.end(exitError{exitFailed, fmt.Errorf("cannot write the output: %w", c.screen.Err())}, "")
		case <-lost:
			lost = nil // mourn has killed everything.
			c.end(exitError{exitFailed, nil}, "the guard process of this run was killed, so everything is ended")
		case now := <-tick.C:
			c.tick(now)
		case err := <-ended:
			c.finish(events)
			return err
		}
	}
}

// tickEvery is how often a verb that waits, or a run that moves, looks at the time.
const tickEvery = 100 * time.Millisecond

// moving is: there is progress to show or a deadline to keep. A run in which all
// is as it should be wakes up for nothing.
func (c *course) moving() bool {
	return !c.settled || !c.ending.IsZero() || c.board.moves()
}

func (c *course) pace(t *time.Ticker, on bool) {
	if on {
		t.Reset(tickEvery)
		return
	}
	t.Stop()
	c.view.progress(c.board, time.Now())
	frugal(!c.rested)
	c.rested = true
}

// event takes one piece of news and decides whether it ends the run.
func (c *course) event(e control.Event) {
	c.take(e, !c.ending.IsZero())
	if c.ending.IsZero() {
		c.judge(e)
	}
}

// judge ends the run where it can't or must not go on. What somebody has stopped
// by name can be started again, so that is no end.
func (c *course) judge(e control.Event) {
	c.settle()
	switch st := e.Service; {
	case st == nil:
	case c.Procfile && !c.options.keepGoing && e.Kind == control.KindState && hasEnded(*st):
		c.end(exitError{procfileCode(*st), nil}, st.Name+" ended, so the others are stopped")
		return
	case c.options.abortOnFailure && isFailed(*st):
		c.end(exitError{failedCode(*st), errors.New(describe(*st))}, "")
		return
	}
	if c.board.ended() {
		c.end(verdict(c.board.all()), "")
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

// verdict is the outcome of services that have all come to their end.
func verdict(services []control.Service) error {
	failed := those(services, failedByItself)
	late := count(failed, func(st control.Service) bool { return st.TimedOut })
	switch {
	case count(services, isFailed) == 0:
		return nil
	case late > 0 && late == len(failed):
		return exitError{exitNotInTime, nil}
	}
	return exitError{exitFailed, nil}
}

func (c *course) signal(sig os.Signal) {
	switch {
	case resizes(sig):
		c.sup.Resize(terminalSize(c.screen.File()))
	case sig == syscall.SIGQUIT:
		go c.abandon(exitInterrupted) // What is said may find no reader.
		c.end(exitError{exitInterrupted, nil}, "killing everything")
	case sig == syscall.SIGHUP:
		time.AfterFunc(hangUpPatience, func() {
			c.sup.Kill()
			time.AfterFunc(leaveAfter, func() { c.abandon(exitInterrupted) }) // What is said may find no reader.
		})
		c.end(exitError{exitInterrupted, nil}, "the terminal is gone, stopping")
	case c.ending.IsZero():
		c.end(exitError{exitInterrupted, nil}, "stopping; Ctrl-C again kills")
	default:
		c.sup.Kill()
		c.screen.Wipe()
		c.view.say("killing what is left")
	}
}

// down is what another process asks for.
func (c *course) down(kill bool) {
	c.end(verdict(c.board.all()), "stopping, as another lhrun asks")
	if kill {
		c.sup.Kill()
		c.view.say("killing what is left")
	}
}

// end begins the stop in order; the first outcome stays.
func (c *course) end(outcome error, why string) {
	if !c.ending.IsZero() {
		return
	}
	c.ending, c.outcome = time.Now(), c.view.mask.error(outcome)
	c.stopped = count(c.board.all(), func(st control.Service) bool { return st.PID != 0 })
	c.stop() // Before a word is said: that may take for ever.
	eager()
	c.screen.Wipe()
	c.view.live(nil)
	if why != "" {
		c.view.say("%s", why)
	}
}

func (c *course) tick(now time.Time) {
	if !c.ending.IsZero() {
		c.view.stopping(c.board.all(), now.Sub(c.ending))
		return
	}
	c.view.progress(c.board, now)
	if !c.settled && isOver(c.bound) {
		c.end(exitError{exitNotInTime, fmt.Errorf("not ready within %s: %s", c.options.timeout, c.board.pending())}, "")
	}
}

// finish takes the last events, which come before the channel closes.
func (c *course) finish(events <-chan control.Event) {
	if events != nil {
		for e := range events {
			c.event(e)
		}
	}
	c.view.live(nil)
	if c.stopped > 0 {
		c.view.goodbye(c.stopped, time.Since(c.ending))
	}
}
