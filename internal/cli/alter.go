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

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
)

// alterOptions are the flags of start, stop and restart.
type alterOptions struct {
	verb    string
	names   []string
	noDeps  bool
	timeout time.Duration
	json    bool
}

// newAlter makes one of start, stop and restart: cmd is what they differ in.
func newAlter(g *globals, cmd *cobra.Command, noDeps string) *cobra.Command {
	o := alterOptions{verb: cmd.Name()}
	cmd.Args = cobra.ArbitraryArgs
	cmd.ValidArgsFunction = g.completeServices
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return usageError("%s needs the names of services: %s", o.verb, usageLine(cmd))
		}
		o.names = names
		return g.alter(cmd.Context(), o)
	}
	f := cmd.Flags()
	f.BoolVar(&o.noDeps, "no-deps", false, noDeps)
	f.DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not done after `DURATION`")
	addJSON(cmd, &o.json)
	return cmd
}

// alteration is a change of some services on its way.
type alteration struct {
	*watch
	alterOptions
	client *control.Client
	answer control.Answer
	now    control.Snapshot
	// leaving are services that a reload takes away.
	leaving []string
}

// alter asks for a change and waits until it is done.
func (g *globals) alter(ctx context.Context, o alterOptions) error {
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer cancel()
	start := "lhrun up"
	if o.verb != control.VerbStop {
		start += " " + strings.Join(o.names, " ")
	}
	mask := g.masker()
	_, client, err := g.dialOr(ctx, start, o.names...)
	if err != nil {
		return err
	}
	screen := g.newBareScreen()
	screen.mute = o.json
	defer screen.Close()
	a := &alteration{alterOptions: o, client: client, watch: &watch{running: client, started: time.Now(), bound: boundOf(o.timeout)}}
	a.view = newView(screen, o.names, mask)
	a.view.summed = true
	if err := a.ask(ctx); err != nil {
		return err
	}
	err = a.wait(ctx)
	a.view.live(nil)
	if o.json {
		err = errors.Join(err, printJSON(g.Out, a.result(ctx)))
	}
	return err
}

// ask asks for the change and says what it takes in beyond what was named.
func (a *alteration) ask(ctx context.Context) (err error) {
	if a.now, err = a.client.Snapshot(ctx, false); err != nil {
		return err
	}
	all := names(a.now.Services)
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
		a.view.say("%s", note)
	}
	a.board = newBoard(a.goalNames())
	a.board.refresh(a.now)
	changed := a.answer.Changed
	if a.verb == control.VerbStop {
		a.tellDependents(changed)
	} else {
		a.board.expect(a.answer.Seq, changed...)
	}
	for _, name := range a.names {
		if !slices.Contains(changed, name) {
			a.view.say("%s", already(a.board.known[name]))
		}
	}
	return nil
}

// goalNames are the services that are waited for: with stop, all that go.
func (a *alteration) goalNames() []string {
	if a.verb == control.VerbStop && len(a.answer.Services) > 0 {
		return a.answer.Services
	}
	return a.names
}

func already(st control.Service) string {
	if !isPending(st) {
		return fmt.Sprintf("%s is %s already", st.Name, st.State)
	}
	return st.Name + " is on its way already"
}

func (a *alteration) tellDependents(changed []string) {
	var more []string
	for _, name := range changed {
		if !slices.Contains(a.names, name) {
			more = append(more, name)
		}
	}
	if len(more) > 0 {
		a.view.say("also stopping %s, which depend%s on %s",
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
func (a *alteration) wait(ctx context.Context) error {
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

func (a *alteration) concerns(e control.Event) bool {
	return e.Service == nil || slices.Contains(a.answer.Services, e.Service.Name) ||
		slices.Contains(a.names, e.Service.Name)
}

// done reports whether every service is where it shall be, or one can't get there.
func (a *alteration) done() (bool, error) {
	goal := a.board.goal()
	if slices.ContainsFunc(a.leaving, a.board.knows) {
		return false, nil
	}
	if a.verb == control.VerbStop {
		return count(goal, isSettled) == len(goal), nil
	}
	if failed := those(goal, isFailed); len(failed) > 0 {
		return true, verdict(failed) // The view has told why.
	}
	if count(goal, isPending) > 0 {
		return false, nil
	}
	for _, st := range goal {
		if !atGoal(st) {
			return true, exitError{exitFailed, errors.New(describe(st))}
		}
	}
	return true, nil
}

func (a *alteration) tick(now time.Time) error {
	if a.verb == control.VerbStop {
		a.view.stopping(a.board.goal(), now.Sub(a.started))
	} else {
		a.view.progress(a.board, now)
	}
	if !isOver(a.bound) {
		return nil
	}
	reason := a.board.pending()
	if a.verb == control.VerbStop {
		reason = "still there: " + strings.Join(names(those(a.board.goal(), func(st control.Service) bool { return !isSettled(st) })), ", ")
	}
	return exitError{exitNotInTime, fmt.Errorf("not done within %s: %s", a.timeout, reason)}
}

// ended draws the conclusion from the end of the whole run.
func (a *alteration) ended(err error) error {
	switch {
	case !errors.Is(err, control.ErrEnded):
		return exitError{exitFailed, err}
	case a.verb == control.VerbStop:
		return nil
	}
	return exitError{exitFailed, fmt.Errorf("%s (%s) was stopped meanwhile", a.now.Project, a.now.Instance)}
}

// result is the named services as they are now, in the form of ps --json.
func (a *alteration) result(ctx context.Context) control.Snapshot {
	if now, err := a.client.Snapshot(context.WithoutCancel(ctx), false); err == nil {
		a.now = now
	}
	a.now.Services = those(a.now.Services, func(st control.Service) bool { return slices.Contains(a.board.wanted, st.Name) })
	return a.now
}
