package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/ports"
)

// waitOptions are the arguments of wait.
type waitOptions struct {
	names   []string
	states  []string
	timeout time.Duration
	json    bool
}

func newWait(g *globals) *cobra.Command {
	var o waitOptions
	cmd := &cobra.Command{
		Use:   "wait [SERVICE…]",
		Short: "Wait until services are ready",
		Long: `wait returns as soon as each SERVICE is ready or, for a task, completed. Without
names it waits for everything that the project was asked to start. --for names
other states: wait then returns when each SERVICE is in one of them. Without
names it waits for those that can be: --for completed waits for all tasks.

When a service has failed or is stopped, wait returns at once with exit code 1
and the reason. Where the project does not run, the exit code is 5: at once or,
with --timeout, when it has not come up by then. If the run is suspended and
does not answer in time, the exit code is 4.

--json prints the services in the form of "ps --json", however the wait ends.

Exit codes: 0 all are there, 1 one will not get there, 4 not in time, 5 the
project does not run or has ended.`,
		Example: `  lhrun up & lhrun wait --timeout 1m && npm test
  lhrun wait api
  lhrun wait migrate --for completed,failed`,
		ValidArgsFunction: g.completeServices,
		RunE: func(_ *cobra.Command, names []string) error {
			o.names = names
			return g.wait(o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.states, "for", nil, "wait for one of these `STATES`, separated by commas")
	f.DurationVar(&o.timeout, "timeout", 0, "give up, with exit code 4, after `DURATION`")
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("for", completeStates))
	addJSON(cmd, &o.json)
	return cmd
}

func (g *globals) wait(o waitOptions) error {
	want, err := parseGoal(o.states)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = run.WithBound(ctx, o.timeout)
		defer cancel()
	}
	checkout, client, err := g.DialUp(ctx, o.timeout, o.names...)
	if err != nil {
		return err
	}
	w := &waiting{goal: want, names: o.names, checkout: checkout, project: client, timeout: o.timeout}
	err = w.run(ctx)
	if o.json && w.seen {
		if e := view.PrintJSON(g.Out, w.facts()); e != nil {
			return e
		}
	}
	return g.conclude(err)
}

// waiting is one wait.
type waiting struct {
	goal     goal
	names    []string
	checkout ports.Checkout
	project  control.Project
	timeout  time.Duration

	seen    bool
	newest  control.Snapshot
	tally   tally
	mistake error
}

// run returns nil when all are there.
func (w *waiting) run(ctx context.Context) error {
	err := follow(ctx, w.project, w.look)
	switch {
	case w.mistake != nil:
		return w.mistake
	case errors.Is(err, context.DeadlineExceeded):
		return w.late()
	case run.IsGone(err):
		return exitError{exitNotRunning, fmt.Errorf("%s (%s) has ended: %s", w.checkout.Project, w.checkout.Instance, view.DescribeAll(w.tally.lacking))}
	case err != nil:
		return err
	case len(w.tally.never) > 0:
		return exitError{exitFailed, errors.New(view.DescribeAll(w.tally.never))}
	}
	return nil
}

// look takes a new state of the project and reports whether the wait is over.
func (w *waiting) look(snap control.Snapshot) bool {
	if !w.seen {
		if w.mistake = w.begin(snap); w.mistake != nil {
			return true
		}
	}
	w.newest = snap
	if w.mistake = w.vanished(snap); w.mistake != nil {
		return true
	}
	w.tally = w.goal.count(snap.Services, w.names)
	return len(w.tally.never) > 0 || len(w.tally.lacking) == 0
}

// begin settles which services the wait is for.
func (w *waiting) begin(snap control.Snapshot) error {
	list, err := pick(snap, w.names)
	if err != nil {
		return err
	}
	for _, s := range list {
		if len(w.names) > 0 && !w.goal.possible(s) {
			return usageError("%s is a %s, so it is never %s", s.Name, s.Type, w.goal)
		}
	}
	if len(w.names) == 0 {
		w.names = w.goal.concerns(snap.Services)
	}
	if len(w.names) == 0 {
		return exitError{exitFailed, fmt.Errorf("there is nothing to wait for: no service of %s (%s) %s", w.checkout.Project, w.checkout.Instance, w.goal.concerned())}
	}
	w.seen = true
	return nil
}

// vanished refuses a service that a reload has taken away.
func (w *waiting) vanished(snap control.Snapshot) error {
	for _, name := range w.names {
		if _, ok := view.ServiceNamed(snap, name); !ok {
			return exitError{exitFailed, fmt.Errorf("%s is not part of the project any more", name)}
		}
	}
	return nil
}

// late says what is lacking. Reasons change without an event, so it asks again.
func (w *waiting) late() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if snap, err := w.project.Snapshot(ctx, false); err == nil {
		w.newest, w.tally = snap, w.goal.count(snap.Services, w.names)
	}
	return exitError{exitNotInTime, fmt.Errorf("not %s within %s: %s", w.goal, w.timeout, view.DescribeAll(w.tally.lacking))}
}

// facts are the services waited for in the form of ps --json.
func (w *waiting) facts() control.Snapshot {
	snap := w.newest
	snap.Services, _ = pick(snap, w.names)
	return snap
}

// String completes a sentence: "not ready", "never completed or stopped".
func (g goal) String() string {
	if len(g) == 0 {
		return "ready"
	}
	words := make([]string, len(g))
	for i, s := range g {
		words[i] = string(s)
	}
	return strings.Join(words, " or ")
}

// concerned completes "no service …".
func (g goal) concerned() string {
	if len(g) == 0 {
		return "was asked to start"
	}
	return "can be " + g.String()
}
