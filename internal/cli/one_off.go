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

// target is the running project that a one-off run needs: its own, or another's that
// it is attached to.
type target interface {
	// execution returns argv in the environment of the project.
	execution(argv []string) (run.Execution, error)
	// leaveTarget is stopTarget once no other process uses what was started here.
	leaveTarget()
	// hurry has leaveTarget wait for nobody.
	hurry()
	// stopTarget begins the end of what was started here; with kill it waits for nothing.
	// It may be called again.
	stopTarget(kill bool)
	// mine returns those of services that stopTarget stops.
	mine(services []control.Service) []control.Service
	// stopped tells when that end has come.
	stopped() <-chan error
	// stopRequests are the requests of others to stop everything.
	stopRequests() <-chan bool
	resize()
	close() error
}

// phase is how far a one-off run has come.
type phase uint8

const (
	phaseStarting phase = iota
	// In phaseWorking the command runs.
	phaseWorking
	// In phaseEnding there is an outcome, and what was started is being stopped.
	phaseEnding
)

// oneOff is the policy of run: it starts what is needed, runs a command, and stops what it
// has started.
type oneOff struct {
	passive
	*globals
	runOptions
	*follower
	target
	screen *view.OneOffScreen
	guard  *proc.GuardedSide

	phase   phase
	since   time.Time // of the phase
	command *command
	pressed bool
	// presses tells further signals of one wish to end from the next wish.
	presses proc.Debouncer
	reason  error
	// gone says that what was started has been stopped.
	gone bool
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
	e.view.Terse, e.bound, e.stops = true, run.Bound(e.timeout), e.stopRequests()
	when(e.follower, guard.Arrivals(), e.arrive)
	when(e.follower, guard.Lost(), func(struct{}) { e.guardLost() })
	when(e.follower, e.stopped(), e.targetGone)
	return errors.Join(e.follow(context.Background(), e), e.target.close())
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
	e.leave()
}

// targetGone takes the news that what was started has been stopped.
func (e *oneOff) targetGone(err error) {
	if e.gone {
		return
	}
	e.gone = true
	if err != nil {
		e.view.Alarm("%v", err)
	}
	e.killCommand()
	e.leave()
}

// leave ends the loop once neither the command nor what was started is there any more.
func (e *oneOff) leave() {
	if e.gone && e.command == nil {
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
			e.view.QuoteLast(e.project.Logs, st.Name, e.Masker().Text)
		}
	}
	e.end(verdict(failed))
}

// arrive takes a signal. What the whole group got, the command has got as well, if it
// was there.
func (e *oneOff) arrive(a proc.Arrival) {
	switch {
	case resizes(a.Signal):
		e.resize()
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
		e.view.Say("killing what is left")
		e.stopTarget(true)
		return
	}
	e.pressed = true
	e.hurry()
	e.view.Say("stopping what was started; Ctrl-C again kills")
}

// commandsOwn is how long after the command's end a signal may be the one that
// ended it.
const commandsOwn = 500 * time.Millisecond

// stop takes another process's request. The command is asked to end too.
func (e *oneOff) stop(kill bool) {
	if e.command != nil {
		e.command.signal(syscall.SIGTERM)
	}
	if e.phase == phaseStarting {
		e.end(exitError{exitFailed, errors.New("stopped by another lhrun before all was ready")})
	}
	e.stopTarget(kill)
}

func (e *oneOff) ended(err error) {
	if e.phase == phaseEnding {
		return
	}
	if !errors.Is(err, control.ErrEnded) {
		err = control.ErrLost
	}
	e.view.Alarm("%v", err)
	if e.phase == phaseStarting {
		e.end(exitError{exitFailed, errors.New("the project was stopped before all was ready")})
	}
}

// guardLost ends everything at once: nobody would after this process.
func (e *oneOff) guardLost() {
	e.end(exitError{exitFailed, errors.New("its guard process was killed, so everything is ended")})
	e.killCommand()
	e.stopTarget(true)
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
	e.leaveTarget()
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
			e.view.QuoteLast(e.project.Logs, st.Name, e.Masker().Text)
		}
	}
	e.end(exitError{exitNotInTime, nil})
}
