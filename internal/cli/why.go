package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/ports"
)

// whyLines is how many of its last lines a service at fault is shown with.
const whyLines = 10

func newWhy(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why SERVICE",
		Short: "Say what a service waits for, or why it failed",
		Long: `why tells, in plain words, how SERVICE is and why: what it waits for, what that
waits for in turn, down to the service that is at fault; that one's probe and
last error, exit code, restarts, the time of the next try, and its last lines.
Of a service that is ready it tells since when and where it is reached.

Values of variables whose names look like secrets, and passwords in URLs, are
shown as ***.

--json prints SERVICE in the form of "ps --json" with three fields more: why,
the same in words; because, the services that it is so because of, in this same
form; last_lines, where it is at fault itself.

Where the project does not run, why tells how it ended, from disk; the exit code
is 5 then.`,
		Example: `  lhrun why web
  lhrun why web --json | jq -r '.because[].name'`,
		Args:              between(1, 1),
		ValidArgsFunction: g.completeService,
		RunE: func(_ *cobra.Command, args []string) error {
			return g.why(args[0], asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (g *globals) why(name string, asJSON bool) error {
	ctx, stop := untilInterrupted()
	defer stop()
	checkout, client, err := g.dial(ctx)
	if exit, ok := errors.AsType[exitError](err); ok && exit.code == exitNotRunning {
		return cmp.Or(g.whyEnded(ctx, checkout, name, asJSON), err)
	}
	if err != nil {
		return err
	}
	snap, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	e, err := explain(ctx, snap, name, client.Logs)
	if err != nil {
		return err
	}
	return g.writeExplanation(e, asJSON)
}

// whyEnded explains how a service was when the last run ended, if that is known.
func (g *globals) whyEnded(ctx context.Context, c ports.Checkout, name string, asJSON bool) error {
	i, err := newInstance(c)
	if err != nil {
		return err
	}
	stored := func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error {
		return control.Logs(ctx, i.logs(), q, each)
	}
	last, err := i.last()
	if err != nil {
		// There was none, or it was killed: only what was written is left.
		lines, err := lastLines(ctx, stored, name, whyLines)
		if err != nil || len(lines) == 0 || asJSON {
			return cmp.Or(err, g.refuseUnknown(name))
		}
		said := wroteLast(name, lines)
		if own, err := lastLines(ctx, stored, logs.Self, 1); err == nil && len(own) > 0 {
			said = append(append(wroteLast(logs.Self, own), ""), said...)
		}
		_, err = fmt.Fprintln(g.Out, g.masker().text(strings.Join(said, "\n")))
		return err
	}
	e, err := explain(ctx, last.Snapshot, name, stored)
	if err != nil {
		return err
	}
	e.now, e.ended = last.Ended.Time, true
	return g.writeExplanation(e, asJSON)
}

func (g *globals) writeExplanation(e explanation, asJSON bool) error {
	m := g.masker()
	if asJSON {
		return printJSON(g.Out, e.facts(e.cause, m))
	}
	return e.write(g.Out, m)
}

// explanation is the answer of why at one moment.
type explanation struct {
	*cause
	now time.Time
	// ended is: now is when the run ended.
	ended bool
	// last are the last lines of those at fault, by service.
	last map[string][]string
}

// logReader is Project.Logs.
type logReader func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error

// explain finds the reasons of a service and, of those at fault, the last lines.
func explain(ctx context.Context, snap control.Snapshot, name string, logs logReader) (explanation, error) {
	if _, err := pick(snap, []string{name}); err != nil {
		return explanation{}, err
	}
	s, _ := serviceNamed(snap, name)
	e := explanation{cause: causeOf(snap, s), now: time.Now(), last: map[string][]string{}}
	for _, root := range e.roots() {
		if !hasSpoken(root.Service) {
			continue
		}
		lines, err := lastLines(ctx, logs, root.Name, whyLines)
		if err != nil {
			return e, err
		}
		e.last[root.Name] = lines
	}
	return e, nil
}

// lastLines are up to n lines of a service, fit for a terminal.
func lastLines(ctx context.Context, logs logReader, service string, n int) ([]string, error) {
	var lines []string
	err := logs(ctx, control.LogQuery{Services: []string{service}, Last: n}, func(l control.LogLine) error {
		lines = append(lines, clean(l.Text))
		return nil
	})
	return lines, err
}

func (e explanation) write(w io.Writer, m masker) error {
	var lines []string
	if e.ended {
		lines = append(lines, fmt.Sprintf("When the last run ended, %s ago:", age(time.Since(e.now))))
	}
	lines = append(lines, e.lines(e.now)...)
	if details := e.details(); len(details) > 0 {
		if len(e.because) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, details...)
	}
	for _, root := range e.roots() {
		if last := e.last[root.Name]; len(last) > 0 {
			lines = append(append(lines, ""), wroteLast(root.Name, last)...)
		}
	}
	if advice := e.advice(); advice != "" && !e.ended {
		lines = append(lines, "", advice)
	}
	_, err := fmt.Fprintln(w, m.text(strings.Join(lines, "\n")))
	return err
}

func wroteLast(service string, last []string) []string {
	lines := []string{service + " wrote last:"}
	for _, line := range last {
		lines = append(lines, "  | "+line)
	}
	return lines
}

// whyFact is one service in what `why --json` prints.
type whyFact struct {
	control.Service
	Why       string    `json:"why"`
	Because   []whyFact `json:"because"`
	LastLines []string  `json:"last_lines,omitempty"`
}

func (e explanation) facts(c *cause, m masker) whyFact {
	f := whyFact{Service: c.Service, Why: m.text(c.sentence(e.now)), Because: []whyFact{}}
	f.Reason = m.text(f.Reason)
	for _, b := range c.because {
		f.Because = append(f.Because, e.facts(b, m))
	}
	for _, line := range e.last[c.Name] {
		f.LastLines = append(f.LastLines, m.text(line))
	}
	return f
}
