package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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

Each ten seconds wait says on the error output what it waits for, and why.

When a service has failed or is stopped, wait returns at once with exit code 1
and the reason. Where the project does not run, the exit code is 5: at once or,
with --timeout, when it has not come up by then. If the run is suspended and
does not answer in time, the exit code is 4.

--json prints the services in the form of "ps --json", however the wait ends;
where there are none to tell of, it prints an error as every verb does.

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
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = run.WithBound(ctx, o.timeout)
		defer cancel()
	}
	silence := every(remindEvery, func(since time.Duration) {
		fmt.Fprintf(g.Err, "lhrun: the project is not up after %s\n", since)
	})
	checkout, client, err := g.DialUp(ctx, o.timeout, o.names...)
	silence()
	if err != nil {
		return err
	}
	w := &waiting{errs: g.Err, states: want, names: o.names, checkout: checkout, timeout: o.timeout}
	err = w.run(ctx, client)
	if o.json && w.follower != nil {
		err = errors.Join(g.printJSON(w.facts()), err)
	}
	return err
}

// waiting is the policy of wait.
type waiting struct {
	passive
	*follower
	states   goal
	names    []string
	checkout ports.Checkout
	timeout  time.Duration
	tally    tally
	// errs gets a line each remindEvery; told is after what time it got the last one.
	errs io.Writer
	told time.Duration
}

// remindEvery is how often somebody who waits is told for what.
const remindEvery = 10 * time.Second

// every calls tell again and again, with the time since, until stop is called.
func every(d time.Duration, tell func(since time.Duration)) (stop func()) {
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for since := d; ; since += d {
			select {
			case <-time.After(d):
				tell(since)
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-over
	}
}

// run returns nil when all are there.
func (w *waiting) run(ctx context.Context, p control.Project) error {
	now, err := p.Snapshot(ctx, false)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return run.UnresponsiveWithin(w.checkout, w.timeout)
	case run.IsGone(err):
		return w.gone()
	case err != nil:
		return err
	}
	if err := w.begin(now); err != nil {
		return err
	}
	w.follower = newFollower(p, control.NewMirror(now), w.names, nil)
	return w.follow(ctx, w)
}

// begin settles which services the wait is for.
func (w *waiting) begin(snap control.Snapshot) error {
	list, err := pick(snap, w.names)
	if err != nil {
		return err
	}
	for _, s := range list {
		if len(w.names) > 0 && !w.states.possible(s) {
			return usageError("%s is a %s, so it is never %s", s.Name, s.Type, w.states)
		}
	}
	if len(w.names) == 0 {
		w.names = w.states.concerns(snap.Services)
	}
	if len(w.names) == 0 {
		return exitError{exitFailed, fmt.Errorf("there is nothing to wait for: no service of %s (%s) %s", w.checkout.Project, w.checkout.Instance, w.states.concerned())}
	}
	return nil
}

func (w *waiting) event(control.Change) {
	for _, name := range w.names {
		if !w.knows(name) {
			w.finish(exitError{exitFailed, fmt.Errorf("%s is not part of the project any more", name)})
			return
		}
	}
	switch w.tally = w.states.count(w.goal()); {
	case len(w.tally.never) > 0:
		w.finish(exitError{exitFailed, errors.New(view.DescribeAll(w.tally.never))})
	case len(w.tally.lacking) == 0:
		w.finish(nil)
	}
}

// mostTold is how many services a reminder tells of.
const mostTold = 3

func (w *waiting) tick(now time.Time) {
	since := now.Sub(w.started)
	if since < w.told+remindEvery {
		return
	}
	w.told = since.Truncate(remindEvery)
	first := w.tally.lacking[:min(len(w.tally.lacking), mostTold)]
	more := ""
	if n := len(w.tally.lacking) - len(first); n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	fmt.Fprintf(w.errs, "lhrun: not %s after %s: %s%s\n", w.states, w.told, view.DescribeAll(first), more)
}

func (w *waiting) signal(sig os.Signal) { w.finish(signalError{sig, nil}) }

func (w *waiting) late() {
	w.finish(exitError{exitNotInTime, fmt.Errorf("not %s within %s: %s", w.states, w.timeout, view.DescribeAll(w.tally.lacking))})
}

func (w *waiting) ended(err error) {
	if run.IsGone(err) {
		err = w.gone()
	}
	w.finish(err)
}

func (w *waiting) gone() error {
	return exitError{exitNotRunning, fmt.Errorf("%s (%s) has ended: %s", w.checkout.Project, w.checkout.Instance, view.DescribeAll(w.tally.lacking))}
}

// facts are the services waited for in the form of ps --json.
func (w *waiting) facts() control.Snapshot {
	snap := w.mirror.Snapshot()
	snap.Services = view.Filter(snap.Services, func(s control.Service) bool { return slices.Contains(w.names, s.Name) })
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
