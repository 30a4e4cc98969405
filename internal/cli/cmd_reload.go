package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

func newReload(g *globals) *cobra.Command {
	o := changeOptions{verb: control.VerbReload}
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Apply the current file to what runs; restart only what changed",
		Long: `reload applies the current file to the running project, and returns when what
changed is ready again. Only services that changed restart, and those that
declare restart = true on one that does. New services start where up would start
them; removed ones stop, what depends on them first. Changes to health, stop,
restart, depends_on, watch, and to ready of a ready service take effect
immediately, without a restart. lhrun plan says beforehand what reload would do.

A file with mistakes, or one that needs a port that is taken, changes nothing.

Exit codes: 1 when a service fails, 2 for a mistake in the file, 3 when a port
is taken, 4 when not all is ready within --timeout, 5 when the project does not
run.`,
		Example:           "  lhrun reload\n  lhrun reload --timeout 30s",
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reload(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not done after `DURATION`")
	addJSON(cmd, &o.json)
	return cmd
}

// reload asks for a reload and waits until what it changed is ready, or gone.
func (g *globals) reload(ctx context.Context, o changeOptions) error {
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer cancel()
	_, client, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	screen := g.Bare(o.json)
	defer screen.Close()
	a := &change{changeOptions: o, client: client, watch: &watch{running: client, started: time.Now(), bound: run.Bound(o.timeout)}}
	if a.now, err = client.Snapshot(ctx, false); err != nil {
		return err
	}
	if a.answer, err = client.Ask(ctx, control.Request{Verb: control.VerbReload}); err != nil {
		return g.asCheck(err)
	}
	plan := view.PlanOf(a.now, a.answer)
	if !o.json {
		err = g.printPlan(plan, false)
	}
	a.view = view.NewReporter(screen, a.answer.Services, g.Masker().Text)
	a.view.Summed = true
	a.expect()
	err = errors.Join(err, a.wait(ctx))
	a.view.Live(nil)
	if o.json {
		err = errors.Join(err, g.printPlan(plan, true))
	}
	return err
}

// expect sets the goal: what moves is ready, what is removed is gone.
func (a *change) expect() {
	a.names = a.answer.Changed
	a.replica = newReplica(a.names)
	a.replica.refresh(a.now)
	a.replica.wanted = slices.Clone(a.names) // The new ones, too.
	a.replica.expect(a.answer.Seq, a.names...)
	for _, op := range a.answer.Operations {
		if _, known := a.replica.known[op.Service]; known && op.Do == config.DoRemove {
			a.leaving = append(a.leaving, op.Service)
		}
	}
}
