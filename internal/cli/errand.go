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
)

// stage is the running project that an errand needs: its own, or another's that it
// has joined.
type stage interface {
	// execution is argv in the environment of the project.
	execution(argv []string) (execution, error)
	// end begins the end of what was started here; kill waits for nobody. It may be
	// called again.
	end(kill bool)
	// mine are those of services that end stops.
	mine(services []control.Service) []control.Service
	// over tells when that end has come.
	over() <-chan error
	// downs are the wishes of others that all of it be stopped.
	downs() <-chan bool
	resize()
	close() error
}

// phase is how far an errand has come.
type phase uint8

const (
	phaseStarting phase = iota
	// phaseWorking: the command runs.
	phaseWorking
	// phaseEnding: there is an outcome, and what was started is being stopped.
	phaseEnding
)

// errand is what run does: it brings up what is needed, has a command run, and
// takes down what it has brought up.
type errand struct {
	*globals
	runOptions
	*watch
	stage
	screen *errandScreen
	guard  *proc.GuardedSide

	phase   phase
	since   time.Time // of the phase
	command *command
	pressed bool
	outcome error
}

// errand drives one from its start to its end, in the care of guard.
func (g *globals) errand(o runOptions, guard *proc.GuardedSide) error {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // As in run of a session.
	defer signal.Stop(pipe)
	e := &errand{globals: g, runOptions: o, guard: guard, since: time.Now()}
	events, err := e.enter()
	if err != nil {
		return err
	}
	defer e.screen.Close()
	return errors.Join(e.drive(events), e.stage.close())
}

// drive is the one loop of an errand.
func (e *errand) drive(news *news) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	events, over, lost := news.events, e.over(), e.guard.Lost()
	e.judge()
	for over != nil || e.command != nil {
		select {
		case ev, ok := <-events:
			if !ok {
				events = nil
				e.left(news.err)
				continue
			}
			e.take(ev, e.phase == phaseEnding)
			e.judge()
		case a := <-e.guard.Arrivals():
			e.arrive(a)
		case kill := <-e.downs():
			e.down(kill)
		case code := <-e.commandEnded():
			e.command = nil
			e.finish(exitError{code, nil})
		case <-lost:
			lost = nil
			e.abandon()
		case now := <-tick.C:
			e.tick(now)
		case err := <-over:
			over = nil
			if err != nil {
				e.view.alarm("%v", err)
			}
			e.killCommand()
		}
	}
	e.view.live(nil)
	return e.view.mask.error(e.outcome)
}

func (e *errand) commandEnded() <-chan int {
	if e.command == nil {
		return nil
	}
	return e.command.ended
}

// judge goes on to the command once all is ready, or ends where that can't be.
func (e *errand) judge() {
	if e.phase != phaseStarting {
		return
	}
	goal := e.board.goal()
	if failed := those(goal, isFailed); len(failed) > 0 {
		e.fail(failed)
		return
	}
	if count(goal, isPending) > 0 {
		return
	}
	for _, st := range goal {
		if !atGoal(st) {
			e.finish(exitError{exitFailed, errors.New(describe(st))})
			return
		}
	}
	e.work()
}

// work begins the command.
func (e *errand) work() {
	e.view.live(nil)
	e.view.terse = false
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
func (e *errand) fail(failed []control.Service) {
	if now, err := e.running.Snapshot(context.Background(), false); err == nil {
		e.board.refresh(now)
		failed = those(e.board.goal(), isFailed)
	}
	e.view.live(nil)
	for _, st := range failed {
		e.view.alarm("%s", describe(st))
		if failedByItself(st) {
			e.lastLines(st)
		}
	}
	e.finish(verdict(failed))
}

// errandLines is how many of its last lines a service at fault is shown with.
const errandLines = 20

func (e *errand) lastLines(st control.Service) {
	lines, err := lastLines(context.Background(), e.running.Logs, st.Name, errandLines)
	if err != nil {
		e.view.alarm("cannot show the last lines of %s: %v", st.Name, err)
	}
	e.view.tail(st.Name, lines)
}

// arrive takes a signal. What the whole group got, the command has got as well, if it
// was there.
func (e *errand) arrive(a proc.Arrival) {
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
func (e *errand) press(sig os.Signal) {
	if e.pressed || sig == syscall.SIGQUIT {
		e.view.say("killing what is left")
		e.end(true)
		return
	}
	e.pressed = true
	e.view.say("stopping what was started; Ctrl-C again kills")
}

// commandsOwn is how long after the command's end a signal may be the one that
// ended it.
const commandsOwn = 500 * time.Millisecond

// down is what another process asks for. The command is asked to end too.
func (e *errand) down(kill bool) {
	if e.command != nil {
		e.command.signal(syscall.SIGTERM)
	}
	if e.phase == phaseStarting {
		e.finish(exitError{exitFailed, errors.New("stopped by another lhrun before all was ready")})
	}
	e.end(kill)
}

// left is: the project has ended, or, where it is another's, is lost.
func (e *errand) left(err error) {
	if e.phase == phaseEnding {
		return
	}
	if !errors.Is(err, control.ErrEnded) {
		err = control.ErrLost
	}
	e.view.alarm("%v", err)
	if e.phase == phaseStarting {
		e.finish(exitError{exitFailed, errors.New("the project was stopped before all was ready")})
	}
}

// abandon ends everything at once: nobody would after this process.
func (e *errand) abandon() {
	e.finish(exitError{exitFailed, errors.New("its guard process was killed, so everything is ended")})
	e.killCommand()
	e.end(true)
}

func (e *errand) killCommand() {
	if e.command != nil {
		e.command.kill()
	}
}

// finish settles the outcome, the first one, and has what was started stopped.
func (e *errand) finish(outcome error) {
	if e.phase == phaseEnding {
		return
	}
	e.phase, e.since, e.outcome = phaseEnding, time.Now(), outcome
	e.view.live(nil)
	e.screen.loud = true
	e.end(false)
}

func (e *errand) tick(now time.Time) {
	switch e.phase {
	case phaseStarting:
		e.view.progress(e.board, now)
		if isOver(e.bound) {
			e.late(e.timeout)
		}
	case phaseEnding:
		e.view.stopping(e.mine(e.board.all()), now.Sub(e.since))
	}
}

// late is: not all is ready in time.
func (e *errand) late(t time.Duration) {
	e.view.live(nil)
	e.view.alarm("not ready within %s: %s", t, e.board.pending())
	for _, st := range e.board.goal() {
		if isPending(st) && st.StartedAt != nil {
			e.lastLines(st)
		}
	}
	e.finish(exitError{exitNotInTime, nil})
}
