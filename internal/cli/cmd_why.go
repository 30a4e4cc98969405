package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/ports"
)

func newWhy(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why [SERVICE]",
		Short: "Say what a service waits for, or why it failed",
		Long: `why explains in plain words the state of SERVICE: what it waits for, what that
waits for in turn, down to the service that is at fault. Of that one it shows
the probe and its last error, the exit code, restarts, the time of the next try,
and the last lines. Of a ready service it says since when it is ready and where
it is reached. Without a name why explains every service that is wanted and not
ready.

Values of variables whose names look like secrets, and passwords in URLs, are
shown as ***.

--json prints SERVICE in the form of "ps --json" with three more fields:

  why         the explanation in words
  because     the services that caused this, in the same form
  last_lines  its last lines, if it is at fault itself; with earlier, they are
              of the time before its last start

Where the project does not run, why reads from disk how the last run ended, and
the exit code is 5.`,
		Example: `  lhrun why web
  lhrun why web --json | jq -r '.because[].name'`,
		Args:              between(0, 1),
		ValidArgsFunction: g.completeService,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 1:
				return g.why(args[0], asJSON)
			case asJSON:
				return usageError("why --json needs the name of a service")
			}
			return g.whyAll()
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (g *globals) why(name string, asJSON bool) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	checkout, client, err := g.Dial(ctx)
	if _, ok := errors.AsType[*run.NotRunningError](err); ok {
		return cmp.Or(g.whyEnded(ctx, checkout, name, asJSON), err)
	}
	if err != nil {
		return err
	}
	snap, err := client.Snapshot(ctx, true)
	if err != nil {
		return err
	}
	e, err := explain(ctx, snap, name, client.Logs)
	if err != nil {
		return err
	}
	return g.writeExplanation(e, asJSON)
}

// whyAll explains the services that are wanted and not ready.
func (g *globals) whyAll() error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	_, client, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	snap, err := client.Snapshot(ctx, true)
	if err != nil {
		return err
	}
	lacking := view.Filter(snap.Services, func(s control.Service) bool { return s.Wanted && !view.AtTarget(s) })
	if len(lacking) == 0 {
		_, err = fmt.Fprintln(g.Out, "all that was asked for is ready")
		return err
	}
	for i, s := range lacking {
		if i > 0 {
			fmt.Fprintln(g.Out)
		}
		e, err := view.Explain(ctx, snap, s, client.Logs)
		if err != nil {
			return err
		}
		if err := g.writeExplanation(e, false); err != nil {
			return err
		}
	}
	return nil
}

// whyEnded explains how a service was when the last run ended, if that is known.
func (g *globals) whyEnded(ctx context.Context, c ports.Checkout, name string, asJSON bool) error {
	i, err := run.InstanceOf(c)
	if err != nil {
		return err
	}
	stored := func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error {
		return control.Logs(ctx, i.LogDir(), q, each)
	}
	last, err := i.Last()
	if err != nil {
		return g.whyKilled(ctx, name, stored, asJSON)
	}
	e, err := explain(ctx, last.Snapshot, name, stored)
	if err != nil {
		return err
	}
	e.Now, e.Ended = last.Ended.Time, true
	return g.writeExplanation(e, asJSON)
}

// whyKilled shows what a service wrote last where the last run, if there was one,
// was killed and left nothing else.
func (g *globals) whyKilled(ctx context.Context, name string, stored view.LogReader, asJSON bool) error {
	lines, err := view.LastLines(ctx, stored, name, view.WhyLines)
	if err != nil || len(lines) == 0 || asJSON {
		return cmp.Or(err, g.RefuseUnknown(name))
	}
	said := view.WroteLast(name, lines)
	if own, err := view.LastLines(ctx, stored, logs.Self, 1); err == nil && len(own) > 0 {
		said = append(append(view.WroteLast(logs.Self, own), ""), said...)
	}
	_, err = fmt.Fprintln(g.Out, g.Masker().Text(strings.Join(said, "\n")))
	return err
}

func (g *globals) writeExplanation(e view.Explanation, asJSON bool) error {
	mask := g.Masker().Text
	if asJSON {
		return g.printJSON(e.Facts(mask))
	}
	return e.Write(g.Out, mask)
}

// explain refuses a service that snap does not hold.
func explain(ctx context.Context, snap control.Snapshot, name string, logs view.LogReader) (view.Explanation, error) {
	s, err := pick(snap, []string{name})
	if err != nil {
		return view.Explanation{}, err
	}
	return view.Explain(ctx, snap, s[0], logs)
}
