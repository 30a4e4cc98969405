package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

func newReload(g *globals) *cobra.Command {
	o := changeOptions{verb: control.VerbReload}
	cmd := &cobra.Command{
		Use:   "reload [SERVICE…]",
		Short: "Apply the current file to what runs; restart only what changed",
		Long: `reload applies the current file to the running project, and returns when what
changed is ready again. Only services that changed restart, and those that
declare restart = true on one that does. New services start where up would start
them; removed ones stop, what depends on them first. Changes to health, stop,
restart, depends_on, watch, and to ready of a ready service take effect
immediately, without a restart. lhrun plan says beforehand what reload would do.

With names only these take their new form, and what they newly need; one that
is not in the file any more goes. All others keep the form that they have, and
lhrun goes on telling that the file has changed for them. "lhrun restart
--reload" also restarts those named for which nothing changed.

A file with mistakes, or one that needs a port that is taken, changes nothing.

Exit codes: 1 when a service fails, 2 for a mistake in the file, 3 when a port
is taken, 4 when not all is ready within --timeout, 5 when the project does not
run.`,
		Example:           "  lhrun reload\n  lhrun reload api --timeout 30s",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: g.completeServices,
		RunE: func(cmd *cobra.Command, names []string) error {
			o.names = names
			return g.reload(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not done after `DURATION`")
	addJSON(cmd, &o.json)
	return cmd
}

// reload asks for a reload, or for a restart with one, and waits until what it changed is
// ready, or gone.
func (g *globals) reload(ctx context.Context, o changeOptions) error {
	return g.operate(ctx, o, control.Request{
		Verb: control.VerbReload, Services: o.names, Restart: o.verb == supervisor.VerbRestart, NoDeps: o.noDeps,
	})
}

// operate asks for operations, and waits until what they change is ready, or gone.
func (g *globals) operate(ctx context.Context, o changeOptions, r control.Request) error {
	ctx, stop := g.untilInterrupted(ctx)
	defer stop()
	_, client, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	screen := g.Bare(o.json)
	defer screen.Close()
	c := &change{changeOptions: o, client: client}
	if c.now, err = client.Snapshot(ctx, false); err != nil {
		return err
	}
	if c.answer, err = client.Ask(ctx, r); err != nil {
		return g.asCheck(err)
	}
	plan := view.PlanOf(c.now, c.answer)
	if !o.json {
		err = g.printPlan(plan, false)
	}
	c.names = c.answer.Changed
	c.begin(view.NewReporter(screen, c.answer.Services), nil)
	c.targets = c.names // New ones among them, which the mirror does not know yet.
	for _, op := range c.answer.Operations {
		if op.Do == config.DoRemove && c.knows(op.Service) {
			c.leaving = append(c.leaving, op.Service)
		}
	}
	err = errors.Join(err, c.follow(ctx, c))
	if o.json {
		err = errors.Join(err, g.printPlan(plan, true))
	}
	return err
}
