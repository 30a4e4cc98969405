package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

// course is what a run in the foreground knows of its own way: whether all was
// settled once, whether it is ending, and with what outcome.
type course struct {
	*session
	stop    func()
	outcome error

	started time.Time
	settled bool
	ending  time.Time
	seq     uint64
}

// run drives a session from its start to its end, in the care of ward.
func (ses *session) run(ward *proc.Ward) error {
	// With a handler a closed stdout is an error of write, not lhrun's sudden death.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	events, unsubscribe := ses.sup.Subscribe(1 << 14)
	defer unsubscribe()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- ses.sup.Run(ctx) }()

	c := &course{session: ses, stop: stop, started: time.Now()}
	if err := c.sup.Start(c.wanted...); err != nil {
		c.end(err, "")
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	broken, lost, signals := ses.screen.Failed(), ward.Lost(), ses.heed(ward)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			c.event(e)
		case sig := <-signals:
			c.signal(sig)
		case <-broken:
			broken = nil
			c.end(exitError{exitFailed, fmt.Errorf("cannot write the output: %w", ses.screen.Err())}, "")
		case <-lost:
			lost = nil // heed has killed everything.
			c.end(exitError{exitFailed, errors.New("its guard process was killed, so everything is ended")}, "")
		case now := <-tick.C:
			c.tick(now)
		case err := <-ended:
			c.finish(events)
			return errors.Join(c.outcome, err)
		}
	}
}

// event takes one piece of news and decides whether it ends the run.
func (c *course) event(e supervisor.Event) {
	if c.seq != 0 && e.Seq != c.seq+1 {
		c.board.refresh(c.sup.Snapshot())
	}
	c.seq = e.Seq
	before := c.board.update(e.Status)
	c.view.event(e, before, !c.ending.IsZero())
	if c.ending.IsZero() {
		c.judge(e)
	}
}

// judge ends the run where it can't or must not go on.
func (c *course) judge(e supervisor.Event) {
	if !c.settled && c.board.count(isPending) == 0 {
		c.settled = true
		c.view.summary(c.board, time.Since(c.started))
	}
	st := e.Status
	switch {
	case c.Procfile && !c.options.keepGoing && e.Kind == supervisor.EventState && isSettled(st):
		c.end(exitError{procfileCode(st), nil}, st.Name+" ended, so the others are stopped")
	case c.options.abortOnFailure && isFailed(st):
		c.end(exitError{failedCode(st), errors.New(describe(st))}, "")
	case c.board.count(isSettled) == len(c.board.order):
		c.end(c.verdict(), "")
	}
}

func procfileCode(st supervisor.Status) int {
	if st.ExitCode != nil {
		return *st.ExitCode
	}
	return exitFailed
}

// failedCode tells a service that was not ready in time from one that failed.
func failedCode(st supervisor.Status) int {
	if st.TimedOut {
		return exitNotInTime
	}
	return exitFailed
}

// verdict is the outcome of a run in which every service has come to its end.
func (c *course) verdict() error {
	if c.board.count(isFailed) == 0 {
		return nil
	}
	late := c.board.count(func(st supervisor.Status) bool { return st.TimedOut })
	if late > 0 && late == c.board.count(failedByItself) {
		return exitError{exitNotInTime, nil}
	}
	return exitError{exitFailed, nil}
}

func (c *course) signal(sig os.Signal) {
	switch {
	case sig == syscall.SIGWINCH:
		c.sup.Resize(terminalSize(c.screen.File()))
	case sig == syscall.SIGQUIT:
		c.end(exitError{exitInterrupted, nil}, "killing everything")
		c.sup.Kill()
	case sig == syscall.SIGHUP:
		c.end(exitError{exitInterrupted, nil}, "the terminal is gone, stopping")
		time.AfterFunc(hangUpPatience, c.sup.Kill)
	case c.ending.IsZero():
		c.end(exitError{exitInterrupted, nil}, "stopping; Ctrl-C again kills")
	default:
		c.view.say("killing what is left")
		c.sup.Kill()
	}
}

// end begins the stop in order; the first outcome stays.
func (c *course) end(outcome error, why string) {
	if !c.ending.IsZero() {
		return
	}
	c.ending, c.outcome = time.Now(), outcome
	c.stop() // Before a word is said: that may take for ever.
	c.view.live(nil)
	if why != "" {
		c.view.say("%s", why)
	}
}

func (c *course) tick(now time.Time) {
	if !c.ending.IsZero() {
		c.view.stopping(c.board, now.Sub(c.ending))
		return
	}
	c.view.progress(c.board, now)
	if t := c.options.timeout; t > 0 && !c.settled && now.Sub(c.started) > t {
		c.end(exitError{exitNotInTime, fmt.Errorf("not ready within %s: %s", t, c.board.pending())}, "")
	}
}

// finish takes the last events, which come before the channel closes.
func (c *course) finish(events <-chan supervisor.Event) {
	if events != nil {
		for e := range events {
			c.event(e)
		}
	}
	c.view.live(nil)
	c.view.goodbye(len(c.board.order), time.Since(c.ending))
}
