package view

import (
	"fmt"
	"strings"

	"github.com/lhrun/lhrun/internal/control"
)

// Plan is what plan, reload and up --dry-run print.
type Plan struct {
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Dir      string `json:"dir"`
	// Running says that the operations are on a project that runs.
	Running    bool        `json:"running"`
	Operations []Operation `json:"operations"`
	Notes      []string    `json:"notes"`
}

// Operation is what is done to one service. One that starts has its ports and
// what it waits for.
type Operation struct {
	control.Operation
	Port  int            `json:"port,omitempty"`
	Ports map[string]int `json:"ports,omitempty"`
	After []Dependency   `json:"after,omitempty"`
}

// Dependency is a service that another one waits for.
type Dependency struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
}

// PlanOf is the answer of a run to a request for a plan or a reload.
func PlanOf(s control.Snapshot, a control.Answer) Plan {
	p := Plan{Project: s.Project, Instance: s.Instance, Dir: s.Dir, Running: true, Operations: []Operation{}, Notes: a.Notes}
	for _, op := range a.Operations {
		p.Operations = append(p.Operations, Operation{Operation: op})
	}
	return p
}

// WritePlan writes an operation a line on the output, and the notes on the error
// output.
func (t Terminal) WritePlan(p Plan) error {
	for _, note := range p.Notes {
		fmt.Fprintln(t.Err, "lhrun:", note)
	}
	if len(p.Operations) == 0 {
		_, err := fmt.Fprintln(t.Out, "nothing to do")
		return err
	}
	var lines strings.Builder
	for _, op := range p.Operations {
		lines.WriteString(op.String() + "\n")
	}
	_, err := fmt.Fprint(t.Out, lines.String())
	return err
}

// Facts returns p as plan --json prints it.
func (p Plan) Facts() Plan {
	if p.Notes == nil {
		p.Notes = []string{}
	}
	return p
}

// String says it in one line: "start api on 20101 when db is ready" or "restart
// api: command changed".
func (o Operation) String() string {
	text := o.Do + " " + o.Service
	if o.Port != 0 {
		text += fmt.Sprintf(" on %d", o.Port)
	}
	sep := " when "
	for _, d := range o.After {
		text += fmt.Sprintf("%s%s is %s", sep, d.Name, d.Condition)
		sep = ", "
	}
	if len(o.Causes) > 0 {
		text += ": " + strings.Join(o.Causes, ", ")
	}
	return text
}
