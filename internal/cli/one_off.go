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
	// end begins the end of what was started here; with kill it waits for nothing.
	// It may be called again.
	end(kill bool)
	// mine returns those of services that end stops.
	mine(services []control.Service) []control.Service
	// over tells when that end has come.
	over() <-chan error
	// stops are the requests of others to stop everything.
	stops() <-chan bool
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

// oneOff is what run does: it starts what is needed, runs a command, and stops what
// it has started.
type oneOff struct {
	*globals
	runOptions
	*watch
	target
	screen *view.OneOffScreen
	guard  *proc.GuardedSide

	phase   phase
	since   time.Time // of the phase
	command *command
	pressed bool
	outcome error
}

// oneOff drives a one-off run from its start to its end, in the care of guard.
func (g *globals) oneOff(o runOptions, guard *proc.GuardedSide) error {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // As in runForeground.
	defer signal.Stop(pipe)
	e := &oneOff{globals: g, runOptions: o, guard: guard, since: time.Now()}
	events, err := e.enter()
	if err != nil {
		return err
	}
	defer e.screen.Close()
	return errors.Join(e.drive(events), e.target.close())
}

// drive is the one loop of a one-off run.
func (e *oneOff) drive(from *stream) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	events, over, lost := from.events, e.over(), e.guard.Lost()
	e.judge()
	for over != nil || e.command != nil {
		select {
		case ev, ok := <-events:
			if !ok {
				events = nil
				e.left(from.err)
				continue
			}
			e.take(ev, e.phase == phaseEnding)
			e.judge()
		case a := <-e.guard.Arrivals():
			e.arrive(a)
		case kill := <-e.stops():
			e.down(kill)
		case code := <-e.commandEnded():
			e.command = nil
			e.finish(exitError{code, nil})
		case <-lost:
			lost = nil
			e.guardLost()
		case now := <-tick.C:
			e.tick(now)
		case err := <-over:
			over = nil
			if err != nil {
				e.view.Alarm("%v", err)
			}
			e.killCommand()
		}
	}
	e.view.Live(nil)
	return maskError(e.outcome, e.view.Mask)
}

func (e *oneOff) commandEnded() <-chan int {
	if e.command == nil {
		return nil
	}
	return e.command.ended
}

// judge goes on to the command once all is ready, or ends where that can't be.
func (e *oneOff) judge() {
	if e.phase != phaseStarting {
		return
	}
	targets := e.replica.targets()
	if failed := view.Filter(targets, view.IsFailed); len(failed) > 0 {
		e.fail(failed)
		return
	}
	if view.Count(targets, view.IsPending) > 0 {
		return
	}
	for _, st := range targets {
		if !view.AtTarget(st) {
			e.finish(exitError{exitFailed, errors.New(view.Describe(st))})
			return
		}
	}
	e.work()
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
		e.finish(err)
		return
	}
	e.phase, e.since = phaseWorking, time.Now()
}

// fail tells of the failures as they are when the first is known: those that only
// waited have failed with it.
func (e *oneOff) fail(failed []control.Service) {
	if now, err := e.running.Snapshot(context.Background(), false); err == nil {
		e.replica.refresh(now)
		failed = view.Filter(e.replica.targets(), view.IsFailed)
	}
	e.view.Live(nil)
	for _, st := range failed {
		e.view.Alarm("%s", view.Describe(st))
		if view.FailedByItself(st) {
			e.lastLines(st)
		}
	}
	e.finish(verdict(failed))
}

// oneOffLines is how many of its last lines a service at fault is shown with.
const oneOffLines = 20

func (e *oneOff) lastLines(st control.Service) {
	lines, err := view.LastLines(context.Background(), e.running.Logs, st.Name, oneOffLines)
	if err != nil {
		e.view.Alarm("cannot show the last lines of %s: %v", st.Name, err)
	}
	e.view.Tail(st.Name, lines)
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
		e.finish(exitError{exitInterrupted, nil})
		e.press(a.Signal)
	case !e.pressed && time.Since(e.since) < commandsOwn: // It ended the command.
	default:
		e.press(a.Signal)
	}
}

// press is Ctrl-C while what was started is being stopped: the second one kills.
func (e *oneOff) press(sig os.Signal) {
	if e.pressed || sig == syscall.SIGQUIT {
		e.view.Say("killing what is left")
		e.end(true)
		return
	}
	e.pressed = true
	e.view.Say("stopping what was started; Ctrl-C again kills")
}

// commandsOwn is how long after the command's end a signal may be the one that
// ended it.
const commandsOwn = 500 * time.Millisecond

// down is what another process asks for. The command is asked to end too.
func (e *oneOff) down(kill bool) {
	if e.command != nil {
		e.command.signal(syscall.SIGTERM)
	}
	if e.phase == phaseStarting {
		e.finish(exitError{exitFailed, errors.New("stopped by another lhrun before all was ready")})
	}
	e.end(kill)
}

// left takes the end of the project, or the loss of the connection to it.
func (e *oneOff) left(err error) {
	if e.phase == phaseEnding {
		return
	}
	if !errors.Is(err, control.ErrEnded) {
		err = control.ErrLost
	}
	e.view.Alarm("%v", err)
	if e.phase == phaseStarting {
		e.finish(exitError{exitFailed, errors.New("the project was stopped before all was ready")})
	}
}

// guardLost ends everything at once: nobody would after this process.
func (e *oneOff) guardLost() {
	e.finish(exitError{exitFailed, errors.New("its guard process was killed, so everything is ended")})
	e.killCommand()
	e.end(true)
}

func (e *oneOff) killCommand() {
	if e.command != nil {
		e.command.kill()
	}
}

// finish sets the outcome, if there is none yet, and stops what was started.
func (e *oneOff) finish(outcome error) {
	if e.phase == phaseEnding {
		return
	}
	e.phase, e.since, e.outcome = phaseEnding, time.Now(), outcome
	e.view.Live(nil)
	e.screen.Loud()
	e.end(false)
}

func (e *oneOff) tick(now time.Time) {
	switch e.phase {
	case phaseStarting:
		e.view.Progress(e.replica.all(), now)
		if run.IsOver(e.bound) {
			e.late(e.timeout)
		}
	case phaseEnding:
		e.view.Stopping(e.mine(e.replica.all()), now.Sub(e.since))
	}
}

// late ends the wait: not everything is ready in time.
func (e *oneOff) late(t time.Duration) {
	e.view.Live(nil)
	e.view.Alarm("not ready within %s: %s", t, e.replica.pending())
	for _, st := range e.replica.targets() {
		if view.IsPending(st) && st.StartedAt != nil {
			e.lastLines(st)
		}
	}
	e.finish(exitError{exitNotInTime, nil})
}
