package cli

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// arrived ends an up -d when all is ready, or when that can't be any more.
func (v *guest) arrived() (over bool) {
	goal := v.board.goal()
	if failed := those(goal, isFailed); len(failed) > 0 {
		return v.failed()
	}
	if count(goal, isPending) > 0 {
		return false
	}
	if stopped := those(goal, func(st control.Service) bool { return !atGoal(st) }); len(stopped) > 0 {
		v.view.alarm("%s", describe(stopped[0]))
		return v.giveUp(exitError{exitFailed, nil})
	}
	v.settle()
	if v.finished() {
		v.ending, v.since = true, time.Now() // Only tasks: the run ends.
		return false
	}
	v.view.say("in the background: \"lhrun logs -f\" shows more, \"lhrun down\" stops it")
	return true
}

// spreadPatience is how long those that wait for a failed one may take to fail with it.
const spreadPatience = 300 * time.Millisecond

// failed tells of the failures once the first has spread. With a dependency that only
// has to be started it may not.
func (v *guest) failed() (over bool) {
	if v.failing.IsZero() {
		v.failing = time.Now()
	}
	if v.spreads() && time.Since(v.failing) < spreadPatience {
		return false
	}
	failed := those(v.board.goal(), isFailed)
	for _, st := range failed {
		v.view.alarm("%s", describe(st))
		if failedByItself(st) {
			v.lastLines(st)
		}
	}
	return v.giveUp(verdict(failed))
}

// spreads is: something waits for what has failed.
func (v *guest) spreads() bool {
	failed := names(those(v.board.all(), isFailed))
	return slices.ContainsFunc(v.board.all(), func(st control.Service) bool {
		return inState(st, supervisor.StateWaiting) && slices.ContainsFunc(st.DependsOn, func(name string) bool {
			return slices.Contains(failed, name)
		})
	})
}

// finished is: every service has come to its end, so the run ends by itself.
func (v *guest) finished() bool {
	all := v.board.all()
	return count(all, hasEnded) == len(all)
}

// giveUp settles the outcome and says what becomes of the run.
func (v *guest) giveUp(outcome error) (over bool) {
	v.outcome = outcome
	switch {
	case v.finished():
		v.ending, v.since = true, time.Now()
		return false
	case v.options.abortOnFailure:
		v.view.say("stopping everything")
		v.stop(false)
		return false
	}
	v.view.say("the rest goes on in the background: \"lhrun ps\" shows it, \"lhrun down\" stops it")
	return true
}

// stop has the whole run stopped, and its end waited for.
func (v *guest) stop(kill bool) {
	if !v.ending {
		v.ending, v.since = true, time.Now()
	}
	go func() {
		// Where it does not get there, the run is on its way out by itself.
		_, _ = v.client.Ask(context.Background(), control.Request{Verb: control.VerbDown, Kill: kill})
	}()
}

// signal leaves; only what this up has begun in the background is stopped.
func (v *guest) signal(sig os.Signal) (over bool) {
	if interrupts(sig) {
		v.screen.Wipe()
	}
	switch {
	case !interrupts(sig):
	case v.Joins:
		v.view.say("left; %s goes on, \"lhrun down\" stops it", v)
		if !v.settled {
			v.outcome = exitError{exitInterrupted, nil}
		}
		return true
	case v.ending:
		v.view.say("killing what is left")
		v.stop(true)
	default:
		v.beginEnd()
		v.stop(false)
	}
	return false
}

// beginEnd is: somebody has pressed Ctrl-C, so only the end is waited for.
func (v *guest) beginEnd() {
	v.ending, v.since = true, time.Now()
	v.outcome = exitError{exitInterrupted, nil}
	v.view.say("stopping what was started; Ctrl-C again kills")
}

// lastLines shows the end of what a service wrote.
func (v *guest) lastLines(st control.Service) {
	const most = 20
	i, err := newInstance(v.Checkout)
	if err != nil {
		return
	}
	query := control.LogQuery{Services: []string{st.Name}, Last: most}
	_ = control.Logs(context.Background(), i.logs(), query, func(l control.LogLine) error {
		v.view.tail(st.Name, []string{l.Text})
		return nil
	})
}
