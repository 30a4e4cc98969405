package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
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
	c := &change{changeOptions: o, client: client}
	if c.now, err = client.Snapshot(ctx, false); err != nil {
		return err
	}
	if c.answer, err = client.Ask(ctx, control.Request{Verb: control.VerbReload}); err != nil {
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
