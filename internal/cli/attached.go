package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// attached is the policy of an up that looks at a run of another process: one that was
// there, or one that it has put into the background.
type attached struct {
	passive
	*globals
	*follower
	handshake
	client  *control.Client
	options upOptions
	screen  view.Screen

	// logs closes when all lines are shown; nil where none are.
	logs <-chan struct{}
	// reason is the outcome of an up that waits for the end of the run, since that time.
	reason error
	since  time.Time
	// oneOff says that the run ends with the last lhrun that uses it, as this one does by
	// its Hold.
	oneOff bool
	// failing is when the first service failed.
	failing time.Time
}

// attach looks at the run that h names: it starts what is missing there, and shows
// it. It returns control.ErrNotRunning where there is no such run, and errEnding
// after the end of one that was on its way down.
func (g *globals) attach(o upOptions, h handshake, signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := run.DialCheckout(ctx, h.Checkout)
	if err != nil {
		return err
	}
	a := &attached{globals: g, client: client, handshake: h, options: o}
	if a.screen = g.stream(o, h.Wanted); o.detach {
		a.screen = g.detachScreen(o, h.Wanted)
	}
	defer a.screen.Close()
	// What a run does that this up began is told from its first event on.
	a.follower = newFollower(client, control.NewMirror(control.Snapshot{}), h.Wanted, view.NewReporter(a.screen, h.Wanted))
	a.view.Terse, a.changed, a.bound = o.detach, !h.Joins, run.Bound(o.timeout)
	a.signals = relaySignals(ctx, signals, func(sig os.Signal) {
		if interrupts(sig) {
			g.exit(signalCode(sig)) // It only leaves, and may not get to saying so.
		}
	})
	if h.Joins {
		switch err := a.join(ctx); {
		case errors.Is(err, control.ErrEnded):
			a.view.Say("%s is just being stopped; starting it anew when it is gone", a)
			return a.follow(ctx, &awaiting{follower: a.follower})
		case err != nil:
			return err
		}
	}
	if h.interrupted != nil {
		a.beginEnd(h.interrupted)
	}
	when(a.follower, a.screen.Failed(), func(struct{}) {
		a.finish(exitError{exitFailed, fmt.Errorf("cannot write the output: %w", a.screen.Err())})
	})
	return a.follow(ctx, a)
}

// stream is where up shows the lines of all services.
func (g *globals) stream(o upOptions, names []string) view.Screen {
	screen := g.Stream(view.StreamOptions{JSON: o.logFormat == "json", Timestamps: o.timestamps, Names: names})
	screen.OnFull(func(err error) { g.outputFull(err) })
	return screen
}

// outputFull says on the error output that the output takes nothing, and returns what it
// says.
func (g *globals) outputFull(err error) string {
	text := fmt.Sprintf("cannot write the output: %v; the services go on, and \"lhrun logs\" shows what they write", err)
	fmt.Fprintln(g.Err, "lhrun:", text)
	return text
}

// detachScreen is where up -d says how the run in the background does.
func (g *globals) detachScreen(o upOptions, names []string) view.Screen {
	if o.logFormat == "text" {
		return g.Bare(false)
	}
	return g.stream(o, names)
}

// join asks for what is missing in a run that was there.
func (a *attached) join(ctx context.Context) error {
	now, err := a.client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	if err := a.checkKnown(now); err != nil {
		return err
	}
	a.mirror.Reset(now)
	a.relist()
	a.oneOff = now.OneOff
	text := fmt.Sprintf("%s runs already, pid %d", a, now.PID)
	if a.options.detach {
		a.view.Say("%s", text)
	} else {
		a.view.Say("%s; Ctrl-C only leaves", text)
		a.logs = followLines(ctx, a.client, control.LogQuery{Since: time.Now()}, a.screen, a.view).over
	}
	if line := changedFiles(now); line != "" {
		a.view.Say("%s", line)
	}
	answer, err := a.ask(ctx)
	if err != nil {
		return asUsage(err)
	}
	a.effective, a.changed = answer.Effective, len(answer.Changed) > 0
	if a.changed {
		a.view.Say("starting %s", strings.Join(answer.Changed, ", "))
	}
	return nil
}

// ask starts what is missing. A run that would end with those who use it does so after
// this up at the earliest, and with -d it stays.
func (a *attached) ask(ctx context.Context) (answer control.Answer, err error) {
	if a.oneOff && !a.options.detach {
		answer, err = hold(ctx, a.client, a.targets, a.options.noDeps)
		a.Hold = answer.Hold
		return answer, err
	}
	if err := a.inspect(ctx); err != nil {
		return answer, err
	}
	return a.client.Ask(ctx, control.Request{
		Verb: supervisor.VerbStart, Services: a.targets, NoDeps: a.options.noDeps, Missing: true, Stay: a.oneOff,
	})
}

// inspect begins to inspect what --inspect names.
func (a *attached) inspect(ctx context.Context) error {
	names := a.options.inspect
	if len(names) == 0 {
		return nil
	}
	if slices.Contains(names, run.InspectAll) {
		names = nil
	}
	_, err := a.client.Ask(ctx, control.Request{Verb: control.VerbInspect, Services: names})
	return err
}

// checkKnown refuses a named service that came into the file after the run began.
func (a *attached) checkKnown(s control.Snapshot) error {
	for _, name := range a.Wanted {
		_, known := view.ServiceNamed(s, name)
		switch {
		case known:
		case slices.Contains(a.options.names, name):
			return usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		default:
			a.view.Warn("%s is not in the run that is up; \"lhrun reload\" brings it in", name)
		}
	}
	return nil
}

// awaiting is the policy of an up that waits for the end of a run on its way down.
type awaiting struct {
	passive
	*follower
}

func (w *awaiting) event(control.Change) { w.ending = true }
func (w *awaiting) late() {
	w.finish(exitError{exitNotInTime, errors.New("the run that is there has not ended in time")})
}
func (w *awaiting) ended(error) { w.finish(errEnding) }

func (w *awaiting) signal(sig os.Signal) {
	if interrupts(sig) {
		w.finish(signalError{sig, nil})
	}
}
