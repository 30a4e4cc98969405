package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

func newGraph(g *globals) *cobra.Command {
	var watch bool
	var form graphForm
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Show which service talks to which",
		Long: `graph shows which service has connections to which, as the kernel counts them:
how many are open, the bytes that have gone UP to the callee and DOWN to the
caller, the median time of a round trip, and whether depends_on of the caller
names the callee. Nothing stands between the services for that.

Only connections that are open now count, each with its bytes since it began:
the kernel forgets a connection when it closes. What goes over Unix sockets or
UDP, and what a service says to itself, is not counted. A dependency without a
connection is shown with 0.

A connection is a service's if a process of its tree has it open; of a service
that is external or taken with --outside, that of whoever listens on its port.
What comes through the front is the caller "browser". What else is at one end is
outside: named by its program ("lhrun" for probes), by PROJECT/INSTANCE of
another run, as "user NAME" where it is another user's process, which is hidden,
or as another machine.

With -w the table stays, anew each second, until Ctrl-C or the end of the run;
into a pipe graph writes a new table when the numbers have changed. --dot and
--mermaid draw the graph: dashed is a dependency without a connection, red or
thick a connection that is not in depends_on.

--json prints an array; with -w, one a line:

  [{"from","to","connections","bytes_up","bytes_down","rtt_us","declared"}]

from or to is "outside" where an object also has outside, which says what is
there; through the front, both from and outside are "browser". Where the project
does not run, graph shows what depends_on says, and the exit code is 5. On other
systems than Linux it shows no more of a run either. connections and bytes are
null then, and rtt_us where it is not measured.`,
		Example: `  lhrun graph
  lhrun graph -w
  lhrun graph --dot | dot -Tsvg >graph.svg
  lhrun graph --json | jq '.[] | select(.declared | not)'`,
		Args: between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			switch {
			case form.dot && form.mermaid, form.json && (form.dot || form.mermaid):
				return usageError("of --dot, --mermaid and --json only one can be had")
			case watch && (form.dot || form.mermaid):
				return usageError("-w goes neither with --dot nor with --mermaid")
			}
			return g.graph(form, watch)
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on showing what changes")
	cmd.Flags().BoolVar(&form.dot, "dot", false, "draw it in the language of Graphviz")
	cmd.Flags().BoolVar(&form.mermaid, "mermaid", false, "draw it in the language of Mermaid")
	addJSON(cmd, &form.json)
	return cmd
}

// graphForm is how a graph is printed: as a table where nothing is set.
type graphForm struct{ dot, mermaid, json bool }

func (g *globals) graph(form graphForm, watch bool) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	_, client, err := g.Dial(ctx)
	if _, absent := errors.AsType[*run.NotRunningError](err); absent && !watch {
		if wrong := g.declaredGraph(form); wrong != nil {
			return wrong
		}
	}
	if err != nil {
		return err
	}
	if watch {
		return g.watchGraph(ctx, client, form)
	}
	now, err := graphOf(ctx, client)
	if err != nil {
		return err
	}
	if now.Uncounted != "" {
		fmt.Fprintf(g.Err, "lhrun: %s: this is what depends_on says\n", now.Uncounted)
	}
	return g.printGraph(now, form)
}

// declaredGraph prints what the file says.
func (g *globals) declaredGraph(form graphForm) error {
	p, err := g.Open()
	if err != nil {
		return err
	}
	var services []control.Service
	for _, name := range p.Order() {
		services = append(services, control.Service{Name: name, DependsOn: p.Needs(name)})
	}
	declared := control.DeclaredGraph(services)
	declared.Uncounted = "it does not run"
	if err := g.printGraph(declared, form); err != nil {
		return err
	}
	fmt.Fprintln(g.Err, "lhrun: this is what depends_on says, without a connection")
	return nil
}

func graphOf(ctx context.Context, p control.Project) (control.Graph, error) {
	answer, err := p.Ask(ctx, control.Request{Verb: control.VerbGraph})
	if err != nil {
		return control.Graph{}, err
	}
	if answer.Graph == nil {
		return control.Graph{}, errors.New("the running lhrun tells no graph")
	}
	return *answer.Graph, nil
}

func (g *globals) printGraph(now control.Graph, form graphForm) error {
	switch {
	case form.json:
		g.printed = true
		return view.PrintGraph(g.Out, now)
	case form.dot:
		return view.Dot(g.Out, now)
	case form.mermaid:
		return view.Mermaid(g.Out, now)
	}
	_, err := fmt.Fprintln(g.Out, strings.Join(g.Sheet(g.Out).GraphTable(now), "\n"))
	return err
}

// graphWatch is the policy of graph -w. On a terminal the table stays on its second
// screen; into a pipe a new one is written when its numbers have changed.
type graphWatch struct {
	passive
	*follower
	*globals
	ctx  context.Context
	form graphForm
	live bool
	// now is the last graph, told what was printed of it, asked when that was.
	now   control.Graph
	told  string
	asked time.Time
}

func (g *globals) watchGraph(ctx context.Context, p control.Project, form graphForm) error {
	now, err := p.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	first, err := graphOf(ctx, p)
	if err != nil {
		return err
	}
	w := &graphWatch{globals: g, ctx: ctx, form: form, now: first, live: g.Sheet(g.Out).Width != 0 && !form.json, follower: newFollower(p, control.NewMirror(now), nil, nil)}
	return g.stay(w.live, func() error { return w.follow(ctx, w) }, func() error { return g.printGraph(w.now, form) })
}

// tick looks each second. A look that fails is the end, not an empty graph, unless the
// stream of events is about to tell of that of the run.
func (w *graphWatch) tick(now time.Time) {
	if now.Sub(w.asked) < refreshEvery {
		return
	}
	w.asked = now
	found, err := graphOf(w.ctx, w.project)
	switch {
	case errors.Is(err, control.ErrLost), errors.Is(err, control.ErrNotRunning), errors.Is(err, control.ErrEnded), w.ctx.Err() != nil:
	case err != nil:
		w.finish(err)
	default:
		w.now = found
		if err := w.show(now); err != nil {
			w.finish(err)
		}
	}
}

func (w *graphWatch) show(now time.Time) error {
	if w.live {
		_, err := w.Out.WriteString(w.Sheet(w.Out).GraphScreen(w.mirror.Snapshot(), w.now, now))
		return err
	}
	told := counts(w.now)
	if told == w.told {
		return nil
	}
	if w.told != "" && !w.form.json {
		fmt.Fprintln(w.Out)
	}
	w.told = told
	return w.printGraph(w.now, w.form)
}

// counts is what makes a change worth a new table.
func counts(g control.Graph) string {
	var b strings.Builder
	for _, e := range g.Edges {
		e.RTT = 0
		fmt.Fprintln(&b, e)
	}
	return b.String() + "."
}

func (w *graphWatch) signal(sig os.Signal) { w.finish(signalError{sig, nil}) }
func (w *graphWatch) ended(err error)      { w.finish(err) }
