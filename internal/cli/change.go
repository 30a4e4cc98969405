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
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// changeOptions are the flags of start, stop, restart and reload.
type changeOptions struct {
	verb   supervisor.Verb
	names  []string
	noDeps bool
	// reload has a restart take the file as it is now.
	reload  bool
	timeout time.Duration
	json    bool
}

// change is the policy of a verb that changes some services and waits until that is done.
type change struct {
	passive
	*follower
	changeOptions
	client *control.Client
	answer control.Answer
	now    control.Snapshot
	// leaving are services that a reload takes away.
	leaving []string
}

// change asks for a change and waits until it is done.
func (g *globals) change(ctx context.Context, o changeOptions) error {
	ctx, stop := g.untilInterrupted(ctx)
	defer stop()
	start := "lhrun up"
	if o.verb != supervisor.VerbStop && len(o.names) > 0 {
		start += " " + strings.Join(o.names, " ")
	}
	_, client, err := g.DialOr(ctx, start, o.names...)
	if err != nil {
		return err
	}
	screen := g.Bare(o.json)
	defer screen.Close()
	c := &change{changeOptions: o, client: client}
	request := control.Request{Verb: o.verb, Services: o.names, NoDeps: o.noDeps}
	if o.verb == supervisor.VerbStart && len(o.names) == 0 {
		if request, err = g.missing(ctx, client); err != nil {
			return err
		}
	}
	if err := c.ask(ctx, view.NewReporter(screen, o.names), request); err != nil {
		return err
	}
	err = c.follow(ctx, c)
	if o.json {
		err = errors.Join(err, g.printJSON(c.result(ctx)))
	}
	return err
}

// ask asks for the change and says what it takes in beyond what was named.
func (c *change) ask(ctx context.Context, v *view.Reporter, request control.Request) (err error) {
	if c.now, err = c.client.Snapshot(ctx, false); err != nil {
		return err
	}
	all := view.Names(c.now.Services)
	for _, name := range c.names {
		if !slices.Contains(all, name) {
			return exitError{exitUsage, words.Unknown("service", name, all)}
		}
	}
	c.answer, err = c.client.Ask(ctx, request)
	if err != nil {
		return asUsage(err)
	}
	targets := c.names
	switch {
	case c.verb == supervisor.VerbStop && len(c.answer.Services) > 0:
		targets = c.answer.Services // All that go are waited for.
	case len(c.names) == 0:
		targets = c.unfinished(c.answer.Services)
	}
	c.begin(v, targets)
	if line := changedFiles(c.now); line != "" && c.verb != supervisor.VerbStop {
		c.view.Say("%s", line)
	}
	for _, note := range c.answer.Notes {
		c.view.Say("%s", note)
	}
	switch {
	case len(c.names) == 0 && len(c.answer.Changed) == 0:
		c.view.Say("nothing to %s", c.verb)
	case len(c.names) > 0 && c.verb == supervisor.VerbStop:
		c.tellDependents()
	}
	for _, name := range c.names {
		if !slices.Contains(c.answer.Changed, name) {
			st, _ := c.mirror.Service(name)
			c.view.Say("%s", already(st))
		}
	}
	return nil
}

// changedFiles says which files have changed since the run read them; "" for none.
func changedFiles(s control.Snapshot) string {
	if len(s.Changed) == 0 {
		return ""
	}
	have, them := "has", "it"
	if len(s.Changed) > 1 {
		have, them = "have", "them"
	}
	return fmt.Sprintf("%s %s changed since the run read %s: \"lhrun plan\" says what \"lhrun reload\" would do",
		strings.Join(s.Changed, ", "), have, them)
}

// unfinished leaves out of names the completed tasks, which nobody runs again unnamed.
func (c *change) unfinished(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		st, _ := view.ServiceNamed(c.now, name)
		return st.State == supervisor.StateCompleted
	})
}

// missing asks for what an up would start of the run that is there.
func (g *globals) missing(ctx context.Context, client *control.Client) (control.Request, error) {
	r := control.Request{Verb: supervisor.VerbStart, Missing: true}
	p, err := g.Find()
	if err != nil {
		return r, err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return r, err
	}
	if r.Services, err = p.Select(nil, g.Profiles, false); err != nil {
		return r, asUsage(err)
	}
	r.Services = slices.DeleteFunc(r.Services, func(name string) bool {
		_, known := view.ServiceNamed(now, name)
		return !known // "lhrun reload" brings it in.
	})
	if len(r.Services) == 0 {
		return r, usageError("no service starts by itself here: name one, or a --profile")
	}
	return r, nil
}

// begin makes the follower, once the answer is there.
func (c *change) begin(v *view.Reporter, targets []string) {
	c.follower = newFollower(c.client, control.NewMirror(c.now), targets, v)
	c.effective, c.bound = c.answer.Effective, run.Bound(c.timeout)
	c.tells = func(service string) bool {
		return slices.Contains(c.answer.Services, service) || slices.Contains(c.names, service)
	}
	v.Summed = true
}

func already(st control.Service) string {
	if !view.IsPending(st) {
		return fmt.Sprintf("%s is %s already", st.Name, st.State)
	}
	return st.Name + " is on its way already"
}

func (c *change) tellDependents() {
	more := slices.DeleteFunc(slices.Clone(c.answer.Changed), func(name string) bool { return slices.Contains(c.names, name) })
	if len(more) > 0 {
		c.view.Say("also stopping %s, which depend%s on %s",
			strings.Join(more, ", "), verbEnding(len(more)), strings.Join(c.names, ", "))
	}
}

func verbEnding(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

// event ends the wait when every service is where it shall be, or one cannot get there.
func (c *change) event(control.Change) {
	switch goal := c.goal(); {
	case !c.current(), slices.ContainsFunc(c.leaving, c.knows):
	case c.superseded() != "":
		c.finish(exitError{exitFailed, errors.New(c.superseded())})
	case c.verb == supervisor.VerbStop:
		if view.Count(goal, view.IsSettled) == len(goal) {
			c.finish(whole(nil, view.Filter(goal, view.IsUnended)))
		}
	case view.Count(goal, view.IsFailed) > 0:
		c.finish(verdict(view.Filter(goal, view.IsFailed))) // The view has told why.
	case view.Count(goal, view.IsPending) > 0:
	default:
		c.finish(lackingError(goal))
	}
}

// superseded says which service somebody else asked for the contrary since; "" for none.
func (c *change) superseded() string {
	stop := c.verb == supervisor.VerbStop
	for _, st := range c.goal() {
		switch {
		case stop && st.Wanted:
			return st.Name + " was started again meanwhile, by another lhrun"
		case !stop && !st.Wanted:
			return st.Name + " was stopped meanwhile, by another lhrun"
		}
	}
	return ""
}

// lackingError names the first of services that is not at its target; nil where all are.
func lackingError(services []control.Service) error {
	for _, st := range services {
		if !view.AtTarget(st) {
			return exitError{exitFailed, errors.New(view.Describe(st))}
		}
	}
	return nil
}

func (c *change) signal(sig os.Signal) {
	c.finish(signalError{sig, errors.New("left; what was asked for goes on")})
}

func (c *change) tick(now time.Time) {
	if c.verb == supervisor.VerbStop {
		c.view.Stopping(c.goal(), now.Sub(c.started))
	} else {
		c.view.Progress(c.all(), now)
	}
}

func (c *change) late() {
	reason := c.lacking()
	if c.verb == supervisor.VerbStop {
		reason = "still there: " + strings.Join(view.Names(view.Filter(c.goal(), func(st control.Service) bool { return !view.IsSettled(st) })), ", ")
	}
	c.finish(exitError{exitNotInTime, fmt.Errorf("not done within %s: %s", c.timeout, reason)})
}

func (c *change) ended(err error) {
	switch {
	case !errors.Is(err, control.ErrEnded):
		c.finish(exitError{exitFailed, err})
	case c.verb == supervisor.VerbStop:
		c.finish(nil)
	default:
		c.finish(exitError{exitFailed, fmt.Errorf("%s (%s) was stopped meanwhile", c.now.Project, c.now.Instance)})
	}
}

// result is the services waited for as they are now, in the form of ps --json.
func (c *change) result(ctx context.Context) control.Snapshot {
	if now, err := c.client.Snapshot(context.WithoutCancel(ctx), false); err == nil {
		c.now = now
	}
	c.now.Services = view.Filter(c.now.Services, func(st control.Service) bool { return slices.Contains(c.targets, st.Name) })
	return c.now
}
