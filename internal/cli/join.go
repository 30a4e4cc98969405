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
)

// guest is an up that looks at a run of another process: one that it has joined,
// or one that it has put into the background.
type guest struct {
	*watch
	meeting
	client  *control.Client
	options upOptions
	screen  screen
	signals <-chan os.Signal

	// logs closes when all lines are shown; nil where none are.
	logs chan struct{}
	// ending is: there is an outcome, and only the run's end is waited for, since
	// that time.
	ending  bool
	since   time.Time
	outcome error
	// failing is since when something has failed.
	failing time.Time
}

// join looks at the run that m names: it starts what is missing there, and shows
// it. It returns control.ErrNotRunning where there is no such run, and errEnding
// after the end of one that was on its way down.
func (g *globals) join(o upOptions, m meeting, signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := dialCheckout(ctx, m.Checkout)
	if err != nil {
		return err
	}
	v := &guest{client: client, meeting: m, options: o}
	v.signals = heed(ctx, signals, func(sig os.Signal) {
		if interrupts(sig) {
			os.Exit(exitInterrupted) // It only leaves, and may not get to saying so.
		}
	})
	if v.screen = g.newScreen(o, m.Wanted); o.detach && o.logFormat == "text" {
		v.screen = g.newBareScreen()
	}
	defer v.screen.Close()
	v.watch = &watch{running: client, board: newBoard(m.Wanted), view: newView(v.screen, m.Wanted, g.masker()), started: time.Now()}
	v.view.terse, v.changed, v.bound = o.detach, !m.Joins, boundOf(o.timeout)
	since, err := v.begin(ctx)
	switch {
	case errors.Is(err, control.ErrEnded):
		return v.awaitEnd(v.follow(ctx, since))
	case err != nil:
		return err
	}
	return v.drive(v.follow(ctx, since))
}

func (m meeting) String() string {
	return fmt.Sprintf("%s (%s)", m.Checkout.Project, m.Checkout.Instance)
}

func (m meeting) ownLogHint() string {
	i, err := newInstance(m.Checkout)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("what it said is in %s", i.ownLog())
}

// begin asks for what is missing, where this up did not begin the run itself, and
// returns the number of the last event that is known.
func (v *guest) begin(ctx context.Context) (since uint64, err error) {
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
	v.board.refresh(now)
	text := fmt.Sprintf("%s runs already, pid %d", v, now.PID)
	if v.options.detach {
		v.view.say("%s", text)
	} else {
		v.view.say("%s; Ctrl-C only leaves", text)
		v.showLogs(ctx)
	}
	answer, err := v.client.Ask(ctx, control.Request{
		Verb: control.VerbStart, Services: v.board.wanted, NoDeps: v.options.noDeps, Missing: true,
	})
	if err != nil {
		return now.Seq, asUsage(err)
	}
	v.board.expect(answer.Seq, answer.Changed...)
	v.changed = len(answer.Changed) > 0
	if v.changed {
		v.view.say("starting %s", strings.Join(answer.Changed, ", "))
	}
	return now.Seq, nil
}

// checkKnown refuses a named service that came into the file after the run began.
func (v *guest) checkKnown(s control.Snapshot) error {
	for _, name := range v.Wanted {
		known := slices.ContainsFunc(s.Services, func(st control.Service) bool { return st.Name == name })
		switch {
		case known:
		case slices.Contains(v.options.names, name):
			return usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		default:
			v.view.warn("%s is not in the run that is up; \"lhrun reload\" brings it in", name)
		}
	}
	return nil
}

// asUsage makes a mistake that the running project tells of one of the command line.
func asUsage(err error) error {
	if mistake, ok := errors.AsType[*control.Mistake](err); ok {
		return exitError{exitUsage, mistake}
	}
	return err
}

// showLogs shows what all services write from now on.
func (v *guest) showLogs(ctx context.Context) {
	v.logs = make(chan struct{})
	query := control.LogQuery{Follow: true, Since: time.Now()}
	go func() {
		defer close(v.logs)
		err := v.client.Logs(ctx, query, v.logLine)
		if err != nil && !errors.Is(err, control.ErrLost) && ctx.Err() == nil {
			v.view.alarm("cannot show what the services write: %v", err)
		}
	}()
}

func (v *guest) logLine(l control.LogLine) error {
	switch {
	case l.Service == logs.Self: // This lhrun says itself what happens.
		return nil
	case l.Missed > 0:
		v.view.warn("%s: %d bytes are not shown here: they came too fast", l.Service, l.Missed)
		return nil
	case l.Partial:
		return v.screen.Preview(l.Service, l.At, []byte(l.Text))
	}
	return v.screen.Lines(l.Service, l.At, []byte(l.Text+"\n"))
}

func (v *guest) drive(news *news) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	if v.interrupted {
		v.beginEnd()
	}
	over := v.news(nil)
	for !over {
		select {
		case e, ok := <-news.events:
			v.meetOnce()
			if !ok {
				v.ended(news.err)
				return v.outcome
			}
			over = v.news(&e)
		case sig := <-v.signals:
			over = v.signal(sig)
		case <-v.screen.Failed():
			v.outcome, over = exitError{exitFailed, fmt.Errorf("cannot write the output: %w", v.screen.Err())}, true
		case now := <-tick.C:
			over = v.tick(now)
		}
	}
	v.view.live(nil)
	return v.outcome
}

// meetOnce tells the run in the background that this up sees it.
func (v *guest) meetOnce() {
	if v.met != nil {
		v.met()
		v.met = nil
	}
}

// news takes an event, or nil for the beginning, and reports whether that is the
// end of this up.
func (v *guest) news(e *control.Event) (over bool) {
	if e != nil && (!v.take(*e, v.ending) || v.ending) {
		return false
	}
	if e == nil && !v.Joins {
		return false
	}
	if v.options.detach {
		return v.arrived()
	}
	v.settle()
	return v.options.abortOnFailure && v.lost()
}

// lost is, of a joined run, that a wanted service has failed.
func (v *guest) lost() bool {
	failed := those(v.board.goal(), isFailed)
	if len(failed) == 0 {
		return false
	}
	v.view.say("left; %s goes on, \"lhrun down\" stops it", v)
	v.outcome = exitError{failedCode(failed[0]), errors.New(describe(failed[0]))}
	return true
}

func (v *guest) tick(now time.Time) (over bool) {
	if v.ending {
		v.view.stopping(v.board.all(), now.Sub(v.since))
		return false
	}
	v.view.progress(v.board, now)
	if !v.failing.IsZero() {
		return v.arrived()
	}
	if v.settled || !isOver(v.bound) {
		return false
	}
	return v.late(v.options.timeout)
}

// late is: not all is ready in time.
func (v *guest) late(t time.Duration) (over bool) {
	reason := fmt.Errorf("not ready within %s: %s", t, v.board.pending())
	if !v.options.detach {
		v.view.say("left; %s goes on, \"lhrun down\" stops it", v)
		v.outcome = exitError{exitNotInTime, reason}
		return true
	}
	v.view.alarm("%s", reason)
	for _, st := range v.board.goal() {
		if isPending(st) && st.StartedAt != nil {
			v.lastLines(st)
		}
	}
	return v.giveUp(exitError{exitNotInTime, nil})
}

// ended draws the conclusion from the end of the run.
func (v *guest) ended(err error) {
	v.view.live(nil)
	if v.logs != nil {
		select {
		case <-v.logs:
		case <-time.After(time.Second):
		}
	}
	switch {
	case !errors.Is(err, control.ErrEnded):
		v.view.alarm("%s is lost: its lhrun was killed (%v)", v, err)
		v.outcome = exitError{exitFailed, nil}
	case v.ending:
		v.awaitRelease()
		v.view.say("%s has ended", v)
	case v.options.detach:
		v.view.alarm("%s was stopped before all was ready", v)
		v.outcome = exitError{exitFailed, nil}
	default:
		v.view.say("%s has ended", v)
		v.outcome = verdict(v.board.all())
	}
}
