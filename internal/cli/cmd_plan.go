package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

func newPlan(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan [SERVICE…]",
		Short: "Say what reload would do, and why",
		Long: `plan compares what runs with the current file, the contents of its .env files
included, and prints each operation with its causes: add, remove, restart,
start, update (without a restart), write (a port file). It changes nothing. With
names it says what "lhrun reload" of these would do. Where the project does not
run, plan prints what up would start.

Comments, order and indentation do not matter. A new service changes nothing for
those that do not depend on it. Causes name variables, never values.`,
		Example:           "  lhrun plan\n  lhrun plan api\n  lhrun plan --json",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: g.completeServices,
		RunE: func(cmd *cobra.Command, names []string) error {
			p, err := g.plan(cmd.Context(), names)
			if err != nil {
				return err
			}
			return g.printPlan(p, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// plan asks the run that there is, or else says what up would do. No names are all.
func (g *globals) plan(ctx context.Context, names []string) (view.Plan, error) {
	_, client, err := g.Reach(ctx)
	if errors.Is(err, control.ErrNotRunning) {
		p, err := g.firstPlan(upOptions{names: names})
		p.Notes = append(p.Notes, fmt.Sprintf("%s (%s) does not run: this is what up would do", p.Project, p.Instance))
		return p, err
	}
	if err != nil {
		return view.Plan{}, err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return view.Plan{}, err
	}
	answer, err := client.Ask(ctx, control.Request{Verb: control.VerbPlan, Services: names})
	if err != nil {
		return view.Plan{}, g.asCheck(err)
	}
	return view.PlanOf(now, answer), nil
}

// asCheck tells of the mistakes in a file as check does here, where that finds
// them too.
func (g *globals) asCheck(err error) error {
	if _, ok := errors.AsType[*control.Mistake](err); !ok {
		return err
	}
	if _, here := g.Open(); here != nil {
		if _, ok := errors.AsType[config.Mistakes](here); ok {
			return here
		}
	}
	return asUsage(err)
}

// firstPlan is what up would start where nothing runs, in the order of doing it.
func (g *globals) firstPlan(o upOptions) (view.Plan, error) {
	p, err := g.Open()
	if err != nil {
		return view.Plan{}, err
	}
	wanted, err := p.Select(o.names, g.Profiles, o.noDeps)
	if err != nil {
		return view.Plan{}, err
	}
	out := view.Plan{Project: p.Name, Instance: p.Checkout.Instance, Dir: p.Checkout.Dir, Operations: []view.Operation{}}
	for _, name := range wanted {
		op, err := startOf(p, name)
		if err != nil {
			return view.Plan{}, err
		}
		out.Operations = append(out.Operations, op)
	}
	return out, nil
}

func startOf(p *run.Project, name string) (view.Operation, error) {
	svc, err := p.Service(name)
	if err != nil {
		return view.Operation{}, err
	}
	row, err := serviceRow(p, svc)
	return view.Operation{
		Operation: control.Operation{Do: run.DoStart, Service: name, Causes: []string{}},
		Port:      row.Port, Ports: row.Ports, After: row.DependsOn,
	}, err
}

// dryRun says what up would do: what a reload would, and the start of what is
// wanted and not up.
func (g *globals) dryRun(ctx context.Context, o upOptions) (view.Plan, error) {
	first, err := g.firstPlan(o)
	if err != nil {
		return first, err
	}
	p, err := g.plan(ctx, nil)
	if err != nil || !p.Running {
		return first, err
	}
	_, client, err := g.Reach(ctx)
	if err != nil {
		return p, err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return p, err
	}
	for _, op := range first.Operations {
		known := slices.ContainsFunc(p.Operations, func(other view.Operation) bool { return other.Service == op.Service })
		at := slices.IndexFunc(now.Services, func(s control.Service) bool { return s.Name == op.Service })
		if st := stateAt(now, at); !known && (!st.Wanted || view.IsFailed(st)) {
			op.Causes = []string{"it is " + string(st.State)}
			p.Operations = append(p.Operations, op)
		}
	}
	return p, nil
}

func stateAt(s control.Snapshot, at int) control.Service {
	if at < 0 {
		return control.Service{State: "not part of the run"}
	}
	return s.Services[at]
}

func (g *globals) printPlan(p view.Plan, asJSON bool) error {
	if asJSON {
		return g.printJSON(p.Facts())
	}
	return g.WritePlan(p)
}
