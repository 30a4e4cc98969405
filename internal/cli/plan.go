package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
)

// planned is what plan, reload and up --dry-run print as JSON.
type planned struct {
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Dir      string `json:"dir"`
	// Running is: the project runs, and the operations are on that run.
	Running    bool        `json:"running"`
	Operations []operation `json:"operations"`
	Notes      []string    `json:"notes"`
}

// operation is what is done to one service; where it starts, with its ports and
// what it waits for.
type operation struct {
	control.Operation
	Port  int            `json:"port,omitempty"`
	Ports map[string]int `json:"ports,omitempty"`
	After []dependency   `json:"after,omitempty"`
}

func newPlan(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what reload would do, and why",
		Long: `plan compares what runs with the file as it is now, the contents of its .env
files included, and prints each operation with its causes: add, remove,
restart, start, update (what runs goes on), write (a port file). It changes
nothing. Where the project does not run, it prints what up would start.

A comment, an order or an indentation is no operation, and neither is a new
service to those that do not depend on it. Causes name variables, never values.`,
		Example: "  lhrun plan\n  lhrun plan --json",
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := g.plan(cmd.Context())
			if err != nil {
				return err
			}
			return g.printPlan(p, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// plan asks the run that there is, or else says what up would do.
func (g *globals) plan(ctx context.Context) (planned, error) {
	_, client, err := g.reach(ctx)
	if errors.Is(err, control.ErrNotRunning) {
		p, err := g.firstPlan(upOptions{})
		p.Notes = append(p.Notes, fmt.Sprintf("%s (%s) does not run: this is what up would do", p.Project, p.Instance))
		return p, err
	}
	if err != nil {
		return planned{}, err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return planned{}, err
	}
	answer, err := client.Ask(ctx, control.Request{Verb: control.VerbPlan})
	if err != nil {
		return planned{}, g.asCheck(err)
	}
	return plannedBy(now, answer), nil
}

// plannedBy is the answer of a run to plan or reload.
func plannedBy(s control.Snapshot, a control.Answer) planned {
	p := planned{Project: s.Project, Instance: s.Instance, Dir: s.Dir, Running: true, Operations: []operation{}, Notes: a.Notes}
	for _, op := range a.Operations {
		p.Operations = append(p.Operations, operation{Operation: op})
	}
	return p
}

// asCheck tells of the mistakes in a file as check does here, where that finds
// them too.
func (g *globals) asCheck(err error) error {
	if _, ok := errors.AsType[*control.Mistake](err); !ok {
		return err
	}
	if _, here := g.open(); here != nil {
		if _, ok := errors.AsType[config.Mistakes](here); ok {
			return here
		}
	}
	return asUsage(err)
}

// firstPlan is what up would start where nothing runs, in the order of doing it.
func (g *globals) firstPlan(o upOptions) (planned, error) {
	p, err := g.open()
	if err != nil {
		return planned{}, err
	}
	wanted, err := p.Select(o.names, g.profiles, o.noDeps)
	if err != nil {
		return planned{}, err
	}
	out := planned{Project: p.Name, Instance: p.checkout.Instance, Dir: p.checkout.Dir, Operations: []operation{}}
	for _, name := range wanted {
		op, err := p.startOf(name)
		if err != nil {
			return planned{}, err
		}
		out.Operations = append(out.Operations, op)
	}
	return out, nil
}

func (p *project) startOf(name string) (operation, error) {
	svc, err := p.service(name)
	if err != nil {
		return operation{}, err
	}
	row, err := p.checkedService(svc)
	return operation{
		Operation: control.Operation{Do: doStart, Service: name, Causes: []string{}},
		Port:      row.Port, Ports: row.Ports, After: row.DependsOn,
	}, err
}

// dryRun says what up would do: what a reload would, and the start of what is
// wanted and not up.
func (g *globals) dryRun(ctx context.Context, o upOptions) (planned, error) {
	first, err := g.firstPlan(o)
	if err != nil {
		return first, err
	}
	p, err := g.plan(ctx)
	if err != nil || !p.Running {
		return first, err
	}
	_, client, err := g.reach(ctx)
	if err != nil {
		return p, err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return p, err
	}
	for _, op := range first.Operations {
		known := slices.ContainsFunc(p.Operations, func(other operation) bool { return other.Service == op.Service })
		at := slices.IndexFunc(now.Services, func(s control.Service) bool { return s.Name == op.Service })
		if st := stateAt(now, at); !known && (!st.Wanted || isFailed(st)) {
			op.Causes = []string{"it is " + st.State}
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

// printPlan prints an operation a line, and what else there is to know.
func (g *globals) printPlan(p planned, asJSON bool) error {
	if p.Notes == nil {
		p.Notes = []string{}
	}
	if asJSON {
		return printJSON(g.Out, p)
	}
	for _, note := range p.Notes {
		fmt.Fprintln(g.Err, "lhrun:", note)
	}
	if len(p.Operations) == 0 {
		_, err := fmt.Fprintln(g.Out, "nothing to do")
		return err
	}
	var lines strings.Builder
	for _, op := range p.Operations {
		lines.WriteString(op.String() + "\n")
	}
	_, err := fmt.Fprint(g.Out, lines.String())
	return err
}

// String is "start api on 20101 when db is ready" or "restart api: command changed".
func (o operation) String() string {
	text := o.Do + " " + o.Service
	if o.Port != 0 {
		text += fmt.Sprintf(" on %d", o.Port)
	}
	sep := " when "
	for _, d := range o.After {
		text += fmt.Sprintf("%s%s is %s", sep, d.Name, d.Condition)
		sep = ", "
	}
	return text + causesText(o.Operation)
}

func causesText(op control.Operation) string {
	if len(op.Causes) == 0 {
		return ""
	}
	return ": " + strings.Join(op.Causes, ", ")
}
