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
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// attached is an up that looks at a run of another process: one that was there, or
// one that it has put into the background.
type attached struct {
	*watch
	handshake
	client  *control.Client
	options upOptions
	screen  view.Screen
	signals <-chan os.Signal

	// logs closes when all lines are shown; nil where none are.
	logs chan struct{}
	// ending says that there is an outcome, and that this up has waited for the end
	// of the run since that time.
	ending  bool
	since   time.Time
	outcome error
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
	v := &attached{client: client, handshake: h, options: o}
	v.signals = relaySignals(ctx, signals, func(sig os.Signal) {
		if interrupts(sig) {
			g.exit(exitInterrupted) // It only leaves, and may not get to saying so.
		}
	})
	if v.screen = g.stream(o, h.Wanted); o.detach {
		v.screen = g.detachScreen(o, h.Wanted)
	}
	defer v.screen.Close()
	v.watch = &watch{running: client, replica: newReplica(h.Wanted), view: view.NewReporter(v.screen, h.Wanted, g.Masker().Text), started: time.Now()}
	v.view.Terse, v.changed, v.bound = o.detach, !h.Joins, run.Bound(o.timeout)
	since, err := v.begin(ctx)
	switch {
	case errors.Is(err, control.ErrEnded):
		return v.awaitEnd(v.follow(ctx, since))
	case err != nil:
		return err
	}
	return v.drive(v.follow(ctx, since))
}

// stream is where up shows the lines of all services.
func (g *globals) stream(o upOptions, names []string) view.Screen {
	return g.Stream(view.StreamOptions{JSON: o.logFormat == "json", Timestamps: o.timestamps, Names: names})
}

// detachScreen is where up -d says how the run in the background does.
func (g *globals) detachScreen(o upOptions, names []string) view.Screen {
	if o.logFormat == "text" {
		return g.Bare(false)
	}
	return g.stream(o, names)
}

// begin asks for what is missing, where this up did not begin the run itself, and
// returns the number of the last event that is known.
func (v *attached) begin(ctx context.Context) (since uint64, err error) {
	if !v.Joins {
		return 0, nil
	}
	now, err := v.client.Snapshot(ctx, false)
	if err != nil {
		return 0, err
	}
	if err := v.checkKnown(now); err != nil {
		return 0, err
	}
	v.replica.refresh(now)
	text := fmt.Sprintf("%s runs already, pid %d", v, now.PID)
	if v.options.detach {
		v.view.Say("%s", text)
	} else {
		v.view.Say("%s; Ctrl-C only leaves", text)
		v.showLogs(ctx)
	}
	answer, err := v.client.Ask(ctx, control.Request{
		Verb: supervisor.VerbStart, Services: v.replica.wanted, NoDeps: v.options.noDeps, Missing: true,
	})
	if err != nil {
		return now.Seq, asUsage(err)
	}
	v.replica.expect(answer.Seq, answer.Changed...)
	v.changed = len(answer.Changed) > 0
	if v.changed {
		v.view.Say("starting %s", strings.Join(answer.Changed, ", "))
	}
	return now.Seq, nil
}

// checkKnown refuses a named service that came into the file after the run began.
func (v *attached) checkKnown(s control.Snapshot) error {
	for _, name := range v.Wanted {
		known := slices.ContainsFunc(s.Services, func(st control.Service) bool { return st.Name == name })
		switch {
		case known:
		case slices.Contains(v.options.names, name):
			return usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		default:
			v.view.Warn("%s is not in the run that is up; \"lhrun reload\" brings it in", name)
		}
	}
	return nil
}

// showLogs shows what all services write from now on.
func (v *attached) showLogs(ctx context.Context) {
	v.logs = make(chan struct{})
	query := control.LogQuery{Follow: true, Since: time.Now()}
	go func() {
		defer close(v.logs)
		err := v.client.Logs(ctx, query, v.logLine)
		if err != nil && !errors.Is(err, control.ErrLost) && ctx.Err() == nil {
			v.view.Alarm("cannot show what the services write: %v", err)
		}
	}()
}

func (v *attached) logLine(l control.LogLine) error {
	switch {
	case l.Service == logs.Self: // This lhrun says itself what happens.
		return nil
	case l.Missed > 0:
		v.view.Warn("%s: %d bytes are not shown here: they came too fast", l.Service, l.Missed)
		return nil
	case l.Partial:
		return v.screen.Preview(l.Service, l.At, []byte(l.Text))
	}
	return v.screen.Lines(l.Service, l.At, []byte(l.Text+"\n"))
}

func (v *attached) drive(from *stream) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	if v.interrupted {
		v.beginEnd()
	}
	over := v.event(nil)
	for !over {
		select {
		case e, ok := <-from.events:
			v.confirm()
			if !ok {
				v.ended(from.err)
				return v.outcome
			}
			over = v.event(&e)
		case sig := <-v.signals:
			over = v.signal(sig)
		case <-v.screen.Failed():
			v.outcome, over = exitError{exitFailed, fmt.Errorf("cannot write the output: %w", v.screen.Err())}, true
		case now := <-tick.C:
			over = v.tick(now)
		}
	}
	v.view.Live(nil)
	return v.outcome
}

// confirm tells the run in the background that this up sees it.
func (v *attached) confirm() {
	if v.seen != nil {
		v.seen()
		v.seen = nil
	}
}

// event takes an event, or nil for the beginning, and reports whether this up is over.
func (v *attached) event(e *control.Event) (over bool) {
	if e != nil && (!v.take(*e, v.ending) || v.ending) {
		return false
	}
	if e == nil && !v.Joins {
		return false
	}
	if v.options.detach {
		return v.judge()
	}
	v.settle()
	return v.options.abortOnFailure && v.lost()
}

// lost reports whether a wanted service of a run that was there has failed.
func (v *attached) lost() bool {
	failed := view.Filter(v.replica.targets(), view.IsFailed)
	if len(failed) == 0 {
		return false
	}
	v.view.Say("left; %s goes on, \"lhrun down\" stops it", v)
	v.outcome = exitError{failedCode(failed[0]), errors.New(view.Describe(failed[0]))}
	return true
}

func (v *attached) tick(now time.Time) (over bool) {
	if v.ending {
		v.view.Stopping(v.replica.all(), now.Sub(v.since))
		return false
	}
	v.view.Progress(v.replica.all(), now)
	if !v.failing.IsZero() {
		return v.judge()
	}
	if v.settled || !run.IsOver(v.bound) {
		return false
	}
	return v.late(v.options.timeout)
}

// late ends the wait: not everything is ready in time.
func (v *attached) late(t time.Duration) (over bool) {
	reason := fmt.Errorf("not ready within %s: %s", t, v.replica.pending())
	if !v.options.detach {
		v.view.Say("left; %s goes on, \"lhrun down\" stops it", v)
		v.outcome = exitError{exitNotInTime, reason}
		return true
	}
	v.view.Alarm("%s", reason)
	for _, st := range v.replica.targets() {
		if view.IsPending(st) && st.StartedAt != nil {
			v.lastLines(st)
		}
	}
	return v.giveUp(exitError{exitNotInTime, nil})
}

// ended draws the conclusion from the end of the run.
func (v *attached) ended(err error) {
	v.view.Live(nil)
	if v.logs != nil {
		select {
		case <-v.logs:
		case <-time.After(time.Second):
		}
	}
	switch {
	case !errors.Is(err, control.ErrEnded):
		v.view.Alarm("%s is lost: its lhrun was killed (%v)", v, err)
		v.outcome = exitError{exitFailed, nil}
	case v.ending:
		run.AwaitRelease(v.Checkout, handshakePatience)
		v.view.Say("%s has ended", v)
	case v.options.detach:
		v.view.Alarm("%s was stopped before all was ready", v)
		v.outcome = exitError{exitFailed, nil}
	default:
		v.view.Say("%s has ended", v)
		v.outcome = verdict(v.replica.all())
	}
}
