package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

func (a *attached) event(control.Change) {
	if a.mirror.Seq() > 0 {
		a.confirm()
	}
	switch {
	case a.ending || !a.current():
	case a.options.detach:
		a.judge()
	default:
		a.summarize()
		if a.options.abortOnFailure {
			a.leaveOnFailure()
		}
	}
}

// confirm tells the run in the background that this up sees it.
func (a *attached) confirm() {
	if a.seen != nil {
		a.seen()
		a.seen = nil
	}
}

// leaveOnFailure leaves a run that was there once a wanted service has failed.
func (a *attached) leaveOnFailure() {
	failed := view.Filter(a.goal(), view.IsFailed)
	if len(failed) > 0 {
		a.leave(exitError{failedCode(failed[0]), errors.New(view.Describe(failed[0]))})
	}
}

// leavePatience is for a run that is told that this up leaves it.
const leavePatience = time.Second

func (a *attached) leave(outcome error) {
	if a.Hold != 0 {
		ctx, cancel := context.WithTimeout(context.Background(), leavePatience)
		defer cancel()
		_, _ = a.client.Ask(ctx, control.Request{Verb: control.VerbRelease, Hold: a.Hold}) // Else its end tells.
		a.view.Say("left; %s ends with the last lhrun that uses it", a)
	} else {
		a.view.Say("left; %s goes on, \"lhrun down\" stops it", a)
	}
	a.finish(outcome)
}

// judge ends an up -d when everything is ready, or when that cannot be any more.
func (a *attached) judge() {
	goal := a.goal()
	switch stopped := view.Filter(goal, func(st control.Service) bool { return !view.AtTarget(st) }); {
	case view.Count(goal, view.IsFailed) > 0:
		a.failed()
		return
	case view.Count(goal, view.IsPending) > 0:
		return
	case len(stopped) > 0:
		a.view.Alarm("%s", view.Describe(stopped[0]))
		a.giveUp(exitError{exitFailed, nil})
		return
	}
	a.summarize()
	if a.finished() { // There are only tasks: the run ends.
		a.ending, a.since = true, time.Now()
		return
	}
	a.view.Say("in the background: \"lhrun logs -f\" shows more, \"lhrun down\" stops it")
	a.finish(nil)
}

// spreadPatience is how long the services that wait for a failed one may take to
// fail with it.
const spreadPatience = 300 * time.Millisecond

// failed tells of the failures once the first has spread to those that wait for it.
func (a *attached) failed() {
	if a.failing.IsZero() {
		a.failing = time.Now()
	}
	if a.spreads() && time.Since(a.failing) < spreadPatience {
		return
	}
	failed := view.Filter(a.goal(), view.IsFailed)
	for _, st := range failed {
		a.view.Alarm("%s", view.Describe(st))
		if view.FailedByItself(st) {
			a.lastLines(st)
		}
	}
	a.giveUp(verdict(failed))
}

// spreads reports whether a service waits for one that has failed.
func (a *attached) spreads() bool {
	failed := view.Names(view.Filter(a.all(), view.IsFailed))
	return slices.ContainsFunc(a.all(), func(st control.Service) bool {
		return view.InState(st, supervisor.StateWaiting) && slices.ContainsFunc(st.DependsOn, func(name string) bool {
			return slices.Contains(failed, name)
		})
	})
}

// giveUp says what becomes of the run, and leaves it or waits for its end.
func (a *attached) giveUp(outcome error) {
	a.reason = outcome
	switch {
	case a.finished():
		a.ending, a.since = true, time.Now()
	case a.options.abortOnFailure:
		a.view.Say("stopping everything")
		a.down(false)
	default:
		a.view.Say("the rest goes on in the background: \"lhrun ps\" shows it, \"lhrun down\" stops it")
		a.finish(outcome)
	}
}

// down stops the whole run and waits for its end.
func (a *attached) down(kill bool) {
	if !a.ending {
		a.ending, a.since = true, time.Now()
	}
	go func() {
		// Where it does not get there, the run is on its way out by itself.
		_, _ = a.client.Ask(context.Background(), control.Request{Verb: control.VerbDown, Kill: kill})
	}()
}

// signal leaves; only what this up has begun in the background is stopped.
func (a *attached) signal(sig os.Signal) {
	if !interrupts(sig) {
		return
	}
	a.screen.Wipe()
	switch {
	case a.Joins && a.settled:
		a.leave(nil)
	case a.Joins:
		a.leave(signalError{sig, nil})
	case a.ending:
		a.view.Say("killing what is left")
		a.down(true)
	default:
		a.beginEnd(sig)
		a.down(false)
	}
}

// beginEnd takes a Ctrl-C: from now on this up waits for the end of the run.
func (a *attached) beginEnd(sig os.Signal) {
	a.ending, a.since, a.reason = true, time.Now(), signalError{sig, nil}
	a.view.Say("stopping what was started; Ctrl-C again kills")
}

func (a *attached) tick(now time.Time) {
	if a.ending {
		a.view.Stopping(a.all(), now.Sub(a.since))
		return
	}
	a.view.Progress(a.all(), now)
	if !a.failing.IsZero() {
		a.judge()
	}
}

func (a *attached) late() {
	if a.settled || a.ending || !a.failing.IsZero() {
		return
	}
	reason := fmt.Errorf("not ready within %s: %s", a.options.timeout, a.lacking())
	if !a.options.detach {
		a.leave(exitError{exitNotInTime, reason})
		return
	}
	a.view.Alarm("%s", reason)
	for _, st := range a.goal() {
		if view.IsPending(st) && st.StartedAt != nil {
			a.lastLines(st)
		}
	}
	a.giveUp(exitError{exitNotInTime, nil})
}

func (a *attached) ended(err error) {
	a.view.Live(nil)
	if a.logs != nil {
		select {
		case <-a.logs:
		case <-time.After(time.Second):
		}
	}
	a.confirm()
	switch {
	case !errors.Is(err, control.ErrEnded):
		a.view.Alarm("%s is lost: its lhrun was killed (%v)", a, err)
		a.finish(exitError{exitFailed, nil})
	case a.ending:
		run.AwaitRelease(a.Checkout, "", handshakePatience)
		a.view.Say("%s has ended", a)
		a.finish(whole(a.reason, a.unended()))
	case a.options.detach:
		a.view.Alarm("%s was stopped before all was ready", a)
		a.finish(exitError{exitFailed, nil})
	default:
		a.view.Say("%s has ended", a)
		a.finish(verdict(a.all()))
	}
}

// lastLines shows the end of what a service wrote, from disk: the run may be gone.
func (a *attached) lastLines(st control.Service) {
	i, err := run.InstanceOf(a.Checkout)
	if err != nil {
		return
	}
	stored := func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error {
		return control.Logs(ctx, i.LogDir(), q, each)
	}
	a.view.QuoteLast(stored, st, a.Masker().Text)
}
