package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// phase is how far a one-off run has come.
type phase uint8

const (
	phaseStarting phase = iota
	// In phaseWorking the command runs.
	phaseWorking
	// In phaseEnding there is an outcome, and what was started is being stopped.
	phaseEnding
)

// oneOff is the policy of run: it starts what is needed, runs a command, and stops what
// nobody else uses.
type oneOff struct {
	passive
	*globals
	runOptions
	*follower
	*holding
	screen *view.OneOffScreen
	guard  *proc.GuardedSide
	// lines, unless nil, shows what services write.
	lines *lineFeed

	phase   phase
	since   time.Time // of the phase
	command *command
	pressed bool
	// presses tells further signals of one wish to end from the next wish.
	presses proc.Debouncer
	reason  error
	// stopped says that what was started has been stopped.
	stopped bool
}

// oneOff drives a one-off run from its start to its end, in the care of guard.
func (g *globals) oneOff(o runOptions, guard *proc.GuardedSide) error {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // As in runForeground.
	defer signal.Stop(pipe)
	e := &oneOff{globals: g, runOptions: o, guard: guard, since: time.Now()}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.screen.Close()
	defer e.close()
	e.view.Terse, e.bound = e.phase == phaseStarting, run.Bound(e.timeout)
	when(e.follower, guard.Arrivals(), e.arrive)
	when(e.follower, guard.Lost(), func(struct{}) { e.guardLost() })
	when(e.follower, e.gone, e.allStopped)
	outcome := e.follow(context.Background(), e)
	if e.lines != nil {
		e.lines.finish(!e.stays())
	}
	return outcome
}

// event goes on to the command once everything is ready, or ends where that cannot be.
func (e *oneOff) event(control.Change) {
	if e.phase != phaseStarting || !e.current() {
		return
	}
	goal := e.goal()
	switch failed := view.Filter(goal, view.IsFailed); {
	case len(failed) > 0:
		e.fail()
	case view.Count(goal, view.IsPending) > 0:
	default:
		if err := lackingError(goal); err != nil {
			e.end(err)
		} else {
			e.work()
		}
	}
}

// work begins the command.
func (e *oneOff) work() {
	e.view.Live(nil)
	e.view.Terse = false
	x, err := e.execution(e.argv)
	if err == nil {
		e.command, err = e.begin(x)
	}
	if err != nil {
		e.end(err)
		return
	}
	e.phase, e.since = phaseWorking, time.Now()
	when(e.follower, e.command.ended, e.commandEnded)
}

// commandEnded takes how the command has ended.
func (e *oneOff) commandEnded(outcome error) {
	e.command = nil
	e.end(outcome)
	e.finishOff()
}

// allStopped takes the news that what was started has been stopped.
func (e *oneOff) allStopped(err error) {
	if e.stopped {
		return
	}
	e.stopped = true
	if err != nil {
		e.view.Alarm("%v", err)
	}
	e.killCommand()
	e.finishOff()
}

// finishOff ends the loop once neither the command nor what was started is there any more.
func (e *oneOff) finishOff() {
	if e.stopped && e.command == nil {
		e.finish(whole(e.reason, view.Filter(e.mine(e.all()), view.IsUnended)))
	}
}

// fail tells of the failures as they are when the first is known: those that only
// waited have failed with it.
func (e *oneOff) fail() {
	if now, err := e.project.Snapshot(context.Background(), false); err == nil {
		e.mirror.Reset(now)
		e.relist()
	}
	failed := view.Filter(e.goal(), view.IsFailed)
	e.view.Live(nil)
	for _, st := range failed {
		e.view.Alarm("%s", view.Describe(st))
		if view.FailedByItself(st) {
			e.view.QuoteLast(e.project.Logs, st, e.Masker().Text)
		}
	}
	e.end(verdict(failed))
}

// arrive takes a signal. What the whole group got, the command has got as well, if it
// was there.
func (e *oneOff) arrive(a proc.Arrival) {
	switch {
	case resizes(a.Signal):
	case e.phase == phaseWorking && a.Group:
		e.command.hear(a)
	case e.phase == phaseWorking:
		e.command.signal(a.Signal)
	case !interrupts(a.Signal):
	case e.phase == phaseStarting:
		e.end(signalError{a.Signal, nil})
		e.press(a.Signal)
	case !e.pressed && time.Since(e.since) < commandsOwn: // It ended the command.
	default:
		e.press(a.Signal)
	}
}

// press is Ctrl-C while what was started is being stopped: the second one kills.
func (e *oneOff) press(sig os.Signal) {
	if e.presses.Repeats(sig) {
		return
	}
	if e.pressed || sig == syscall.SIGQUIT {
		if e.stays() {
			e.view.Say("left; the run goes on, and stops what it was asked to")
		} else {
			e.view.Say("killing what is left")
		}
		e.kill()
		return
	}
	e.pressed = true
	e.view.Say("stopping what was started; Ctrl-C again kills")
}

// commandsOwn is how long after the command's end a signal may be the one that
// ended it.
const commandsOwn = 500 * time.Millisecond

// ended takes the end of the run. Where that was for those who use it, the command is
// ended too.
func (e *oneOff) ended(err error) {
	close(e.runEnded)
	if e.phase == phaseEnding {
		return
	}
	patience := commandPatience
	if !errors.Is(err, control.ErrEnded) {
		err, patience = control.ErrLost, hangUpPatience
	}
	switch {
	case e.phase == phaseStarting:
		e.view.Alarm("%v", err)
		e.end(exitError{exitFailed, errors.New("the project was stopped before all was ready")})
	case e.lent:
		e.view.Alarm("%v, so the command is ended", err)
		e.command.signal(syscall.SIGTERM)
		when(e.follower, time.After(patience), func(time.Time) { e.killCommand() })
	default:
		e.view.Alarm("%v", err)
	}
}

// commandPatience is what a command gets to end in when the run has ended that it uses.
const commandPatience = 5 * time.Second

// guardLost ends everything at once: nobody would after this process.
func (e *oneOff) guardLost() {
	e.end(exitError{exitFailed, errors.New("its guard process was killed, so everything is ended")})
	e.killCommand()
	e.kill()
	proc.EndLeftovers(proc.Record{Run: e.guard.Run()}, 0)
}

func (e *oneOff) killCommand() {
	if e.command != nil {
		e.command.kill()
	}
}

// end stops what was started; the first reason is the outcome.
func (e *oneOff) end(reason error) {
	if e.phase == phaseEnding {
		return
	}
	e.phase, e.since, e.reason, e.ending = phaseEnding, time.Now(), reason, true
	e.view.Live(nil)
	e.screen.Loud()
	e.leave()
}

func (e *oneOff) tick(now time.Time) {
	switch e.phase {
	case phaseStarting:
		e.view.Progress(e.all(), now)
	case phaseEnding:
		if mine := e.mine(e.all()); len(mine) > 0 {
			e.view.Stopping(mine, now.Sub(e.since))
		}
	}
}

func (e *oneOff) late() {
	if e.phase != phaseStarting {
		return
	}
	e.view.Live(nil)
	e.view.Alarm("not ready within %s: %s", e.timeout, e.lacking())
	for _, st := range e.goal() {
		if view.IsPending(st) && st.StartedAt != nil {
			e.view.QuoteLast(e.project.Logs, st, e.Masker().Text)
		}
	}
	e.end(exitError{exitNotInTime, nil})
}
