package cli

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// judge ends an up -d when everything is ready, or when that cannot be any more.
func (v *attached) judge() (over bool) {
	targets := v.replica.targets()
	if failed := view.Filter(targets, view.IsFailed); len(failed) > 0 {
		return v.failed()
	}
	if view.Count(targets, view.IsPending) > 0 {
		return false
	}
	if stopped := view.Filter(targets, func(st control.Service) bool { return !view.AtTarget(st) }); len(stopped) > 0 {
		v.view.Alarm("%s", view.Describe(stopped[0]))
		return v.giveUp(exitError{exitFailed, nil})
	}
	v.settle()
	if v.finished() {
		v.ending, v.since = true, time.Now() // Only tasks: the run ends.
		return false
	}
	v.view.Say("in the background: \"lhrun logs -f\" shows more, \"lhrun down\" stops it")
	return true
}

// spreadPatience is how long the services that wait for a failed one may take to
// fail with it.
const spreadPatience = 300 * time.Millisecond

// failed tells of the failures once the first has spread to those that wait for it.
func (v *attached) failed() (over bool) {
	if v.failing.IsZero() {
		v.failing = time.Now()
	}
	if v.spreads() && time.Since(v.failing) < spreadPatience {
		return false
	}
	failed := view.Filter(v.replica.targets(), view.IsFailed)
	for _, st := range failed {
		v.view.Alarm("%s", view.Describe(st))
		if view.FailedByItself(st) {
			v.lastLines(st)
		}
	}
	return v.giveUp(verdict(failed))
}

// spreads reports whether a service waits for one that has failed.
func (v *attached) spreads() bool {
	failed := view.Names(view.Filter(v.replica.all(), view.IsFailed))
	return slices.ContainsFunc(v.replica.all(), func(st control.Service) bool {
		return view.InState(st, supervisor.StateWaiting) && slices.ContainsFunc(st.DependsOn, func(name string) bool {
			return slices.Contains(failed, name)
		})
	})
}

// finished reports whether every service has finished, so that the run ends.
func (v *attached) finished() bool {
	all := v.replica.all()
	return view.Count(all, view.HasEnded) == len(all)
}

// giveUp sets the outcome and says what becomes of the run.
func (v *attached) giveUp(outcome error) (over bool) {
	v.outcome = outcome
	switch {
	case v.finished():
		v.ending, v.since = true, time.Now()
		return false
	case v.options.abortOnFailure:
		v.view.Say("stopping everything")
		v.stop(false)
		return false
	}
	v.view.Say("the rest goes on in the background: \"lhrun ps\" shows it, \"lhrun down\" stops it")
	return true
}

// stop stops the whole run and waits for its end.
func (v *attached) stop(kill bool) {
	if !v.ending {
		v.ending, v.since = true, time.Now()
	}
	go func() {
		// Where it does not get there, the run is on its way out by itself.
		_, _ = v.client.Ask(context.Background(), control.Request{Verb: control.VerbDown, Kill: kill})
	}()
}

// signal leaves; only what this up has begun in the background is stopped.
func (v *attached) signal(sig os.Signal) (over bool) {
	if interrupts(sig) {
		v.screen.Wipe()
	}
	switch {
	case !interrupts(sig):
	case v.Joins:
		v.view.Say("left; %s goes on, \"lhrun down\" stops it", v)
		if !v.settled {
			v.outcome = exitError{exitInterrupted, nil}
		}
		return true
	case v.ending:
		v.view.Say("killing what is left")
		v.stop(true)
	default:
		v.beginEnd()
		v.stop(false)
	}
	return false
}

// beginEnd takes a Ctrl-C: from now on this up waits for the end of the run.
func (v *attached) beginEnd() {
	v.ending, v.since = true, time.Now()
	v.outcome = exitError{exitInterrupted, nil}
	v.view.Say("stopping what was started; Ctrl-C again kills")
}

// lastLines shows the end of what a service wrote.
func (v *attached) lastLines(st control.Service) {
	const most = 20
	i, err := run.InstanceOf(v.Checkout)
	if err != nil {
		return
	}
	query := control.LogQuery{Services: []string{st.Name}, Last: most}
	_ = control.Logs(context.Background(), i.LogDir(), query, func(l control.LogLine) error {
		v.view.Tail(st.Name, []string{l.Text})
		return nil
	})
}

// awaitEnd waits for the end of a run that is on its way down, and returns errEnding.
func (v *attached) awaitEnd(events *stream) error {
	v.view.Say("%s is just being stopped; starting it anew when it is gone", v)
	for {
		select {
		case _, ok := <-events.events:
			if !ok {
				return errEnding
			}
		case sig := <-v.signals:
			if interrupts(sig) {
				return exitError{exitInterrupted, nil}
			}
		}
	}
}
