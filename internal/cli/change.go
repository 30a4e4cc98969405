package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// changeOptions are the flags of start, stop and restart.
type changeOptions struct {
	verb    supervisor.Verb
	names   []string
	noDeps  bool
	timeout time.Duration
	json    bool
}

// change is a change of some services on its way.
type change struct {
	*watch
	changeOptions
	client *control.Client
	answer control.Answer
	now    control.Snapshot
	// leaving are services that a reload takes away.
	leaving []string
}

// change asks for a change and waits until it is done.
func (g *globals) change(ctx context.Context, o changeOptions) error {
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer cancel()
	start := "lhrun up"
	if o.verb != supervisor.VerbStop {
		start += " " + strings.Join(o.names, " ")
	}
	mask := g.Masker().Text
	_, client, err := g.DialOr(ctx, start, o.names...)
	if err != nil {
		return err
	}
	screen := g.Bare(o.json)
	defer screen.Close()
	a := &change{changeOptions: o, client: client, watch: &watch{running: client, started: time.Now(), bound: run.Bound(o.timeout)}}
	a.view = view.NewReporter(screen, o.names, mask)
	a.view.Summed = true
	if err := a.ask(ctx); err != nil {
		return err
	}
	err = a.wait(ctx)
	a.view.Live(nil)
	if o.json {
		err = errors.Join(err, view.PrintJSON(g.Out, a.result(ctx)))
	}
	return err
}

// ask asks for the change and says what it takes in beyond what was named.
func (a *change) ask(ctx context.Context) (err error) {
	if a.now, err = a.client.Snapshot(ctx, false); err != nil {
		return err
	}
	all := view.Names(a.now.Services)
	for _, name := range a.names {
		if !slices.Contains(all, name) {
			return exitError{exitUsage, config.Unknown("service", name, all)}
		}
	}
	a.answer, err = a.client.Ask(ctx, control.Request{Verb: a.verb, Services: a.names, NoDeps: a.noDeps})
	if err != nil {
		return asUsage(err)
	}
	for _, note := range a.answer.Notes {
		a.view.Say("%s", note)
	}
	a.replica = newReplica(a.goalNames())
	a.replica.refresh(a.now)
	changed := a.answer.Changed
	if a.verb == supervisor.VerbStop {
		a.tellDependents(changed)
	} else {
		a.replica.expect(a.answer.Seq, changed...)
	}
	for _, name := range a.names {
		if !slices.Contains(changed, name) {
			a.view.Say("%s", already(a.replica.known[name]))
		}
	}
	return nil
}

// goalNames are the services that are waited for: with stop, all that go.
func (a *change) goalNames() []string {
	if a.verb == supervisor.VerbStop && len(a.answer.Services) > 0 {
		return a.answer.Services
	}
	return a.names
}

func already(st control.Service) string {
	if !view.IsPending(st) {
		return fmt.Sprintf("%s is %s already", st.Name, st.State)
	}
	return st.Name + " is on its way already"
}

func (a *change) tellDependents(changed []string) {
	var more []string
	for _, name := range changed {
		if !slices.Contains(a.names, name) {
			more = append(more, name)
		}
	}
	if len(more) > 0 {
		a.view.Say("also stopping %s, which depend%s on %s",
			strings.Join(more, ", "), verbEnding(len(more)), strings.Join(a.names, ", "))
	}
}

func verbEnding(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

// wait follows the events until the change is done or can't be.
func (a *change) wait(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := a.follow(ctx, a.now.Seq)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if done, err := a.done(); done {
			return err
		}
		select {
		case e, ok := <-news.events:
			switch {
			case ok && a.concerns(e):
				a.take(e, false)
			case !ok && ctx.Err() != nil:
				return exitError{exitInterrupted, errors.New("left; what was asked for goes on")}
			case !ok:
				return a.ended(news.err)
			}
		case now := <-tick.C:
			if err := a.tick(now); err != nil {
				return err
			}
		}
	}
}

func (a *change) concerns(e control.Event) bool {
	return e.Service == nil || slices.Contains(a.answer.Services, e.Service.Name) ||
		slices.Contains(a.names, e.Service.Name)
}

// done reports whether every service is where it shall be, or one can't get there.
func (a *change) done() (bool, error) {
	targets := a.replica.targets()
	if slices.ContainsFunc(a.leaving, a.replica.knows) {
		return false, nil
	}
	if a.verb == supervisor.VerbStop {
		return view.Count(targets, view.IsSettled) == len(targets), nil
	}
	if failed := view.Filter(targets, view.IsFailed); len(failed) > 0 {
		return true, verdict(failed) // The view has told why.
	}
	if view.Count(targets, view.IsPending) > 0 {
		return false, nil
	}
	for _, st := range targets {
		if !view.AtTarget(st) {
			return true, exitError{exitFailed, errors.New(view.Describe(st))}
		}
	}
	return true, nil
}

func (a *change) tick(now time.Time) error {
	if a.verb == supervisor.VerbStop {
		a.view.Stopping(a.replica.targets(), now.Sub(a.started))
	} else {
		a.view.Progress(a.replica.all(), now)
	}
	if !run.IsOver(a.bound) {
		return nil
	}
	reason := a.replica.pending()
	if a.verb == supervisor.VerbStop {
		reason = "still there: " + strings.Join(view.Names(view.Filter(a.replica.targets(), func(st control.Service) bool { return !view.IsSettled(st) })), ", ")
	}
	return exitError{exitNotInTime, fmt.Errorf("not done within %s: %s", a.timeout, reason)}
}

// ended draws the conclusion from the end of the whole run.
func (a *change) ended(err error) error {
	switch {
	case !errors.Is(err, control.ErrEnded):
		return exitError{exitFailed, err}
	case a.verb == supervisor.VerbStop:
		return nil
	}
	return exitError{exitFailed, fmt.Errorf("%s (%s) was stopped meanwhile", a.now.Project, a.now.Instance)}
}

// result is the named services as they are now, in the form of ps --json.
func (a *change) result(ctx context.Context) control.Snapshot {
	if now, err := a.client.Snapshot(context.WithoutCancel(ctx), false); err == nil {
		a.now = now
	}
	a.now.Services = view.Filter(a.now.Services, func(st control.Service) bool { return slices.Contains(a.replica.wanted, st.Name) })
	return a.now
}
