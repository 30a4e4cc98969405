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

func newPs(g *globals) *cobra.Command {
	var watch, all, asJSON bool
	cmd := &cobra.Command{
		Use:   "ps [SERVICE…]",
		Short: "Show the services of the running project",
		Long: `ps shows each service with its state, its process, where it is reached, for how
long it has run (or been in its state), how often it was started again, what its
whole process tree uses of the processor and of memory, and why it is not ready.
On a narrow terminal ps shows less; into a pipe it writes everything.

With -w the table stays and follows what happens until Ctrl-C or the end of the
run; into a pipe ps writes a new table after each change.

--json prints one object:

  {"project","instance","dir","pid",
   "services":[{"name","type","state","pid","port","ports":{NAME:PORT},"url",
     "restarts","started_at","ready_at","exit_code","reason"}]}

pid and port are 0, times and exit_code null, where there are none. Each service
also has since (when it came into its state), wanted (whether somebody asked for
it), cpu (percent of one core) and memory (bytes), and where they apply
description, depends_on, waits_for, failed_by (the dependency that failed it),
restarting, next_try, timed_out, by (who caused it; see lhrun help events), and
probe (kind, target, failures, last_error, next_try) while it waits for one; the
object also has lhrun's version, the run, the number of the last event, seq, and
changed_files, which have changed since the run read them. With -w there is one
object a line.

With --all it shows every run of this user, those whose directory is gone too;
--json prints an array of such objects then.

Where the project does not run, ps says so and the exit code is 5.`,
		Example: `  lhrun ps
  lhrun ps -w
  lhrun ps --json | jq -r '.services[] | select(.state != "ready") | .name'`,
		ValidArgsFunction: g.completeServices,
		RunE: func(cmd *cobra.Command, names []string) error {
			switch {
			case !all:
				return g.ps(names, watch, asJSON)
			case watch || len(names) > 0:
				return usageError("--all goes neither with names nor with -w")
			}
			return g.psAll(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on showing what changes")
	cmd.Flags().BoolVar(&all, "all", false, "every run of yours, one without a directory too")
	addJSON(cmd, &asJSON)
	return cmd
}

// psAll prints every run of this user. One that does not answer is told.
func (g *globals) psAll(ctx context.Context, asJSON bool) (err error) {
	ctx, stop := g.untilInterrupted(ctx)
	defer stop()
	snaps := []control.Snapshot{}
	for _, r := range run.List() {
		client, one := run.DialCheckout(ctx, r.Checkout)
		if errors.Is(one, control.ErrNotRunning) {
			continue
		}
		var snap control.Snapshot
		if one == nil {
			snap, one = client.Snapshot(ctx, true)
		}
		if one != nil {
			fmt.Fprintln(g.Err, "lhrun:", one)
			err = exitError{exitFailed, nil}
			continue
		}
		snaps = append(snaps, snap)
		if !asJSON {
			g.writeRun(r, snap, len(snaps) == 1)
		}
	}
	switch {
	case asJSON:
		err = errors.Join(err, g.printJSON(snaps))
	case len(snaps) == 0 && err == nil:
		fmt.Fprintln(g.Err, "lhrun: nothing of yours runs on this machine")
		return exitError{exitNotRunning, nil}
	}
	return err
}

// writeRun writes one run below its name and place.
func (g *globals) writeRun(r run.Run, snap control.Snapshot, first bool) {
	if !first {
		fmt.Fprintln(g.Out)
	}
	fmt.Fprintf(g.Out, "%s (%s), pid %d, in %s\n", snap.Project, snap.Instance, snap.PID, r.Place())
	fmt.Fprintln(g.Out, strings.Join(g.Sheet(g.Out).PsTable(snap.Services, time.Now()), "\n"))
}

func (g *globals) ps(names []string, watch, asJSON bool) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	_, client, err := g.Dial(ctx, names...)
	if err != nil {
		return err
	}
	list := &psList{globals: g, names: names, json: asJSON}
	if watch {
		return list.watch(ctx, client)
	}
	snap, err := client.Snapshot(ctx, true)
	if err != nil {
		return err
	}
	if line := changedFiles(snap); line != "" {
		fmt.Fprintln(g.Err, "lhrun:", line)
	}
	return list.print(snap)
}

// psList prints the services that were asked for.
type psList struct {
	*globals
	names []string
	json  bool
}

// chosen is snap with the services that were asked for.
func (l *psList) chosen(snap control.Snapshot) (_ control.Snapshot, err error) {
	snap.Services, err = pick(snap, l.names)
	return snap, err
}

func (l *psList) print(snap control.Snapshot) error {
	snap, err := l.chosen(snap)
	if err != nil {
		return err
	}
	if l.json {
		return l.printJSON(snap)
	}
	_, err = fmt.Fprintln(l.Out, strings.Join(l.Sheet(l.Out).PsTable(snap.Services, time.Now()), "\n"))
	return err
}

// psWatch is the policy of ps -w. On a terminal the table stays on its second screen;
// into a pipe a new one is written after each change.
type psWatch struct {
	passive
	*follower
	*psList
	ctx  context.Context
	live bool
	// shown is what the last table told, drawn when that was.
	shown string
	drawn time.Time
}

// refreshEvery is how often a table that stays is drawn anew, for cpu and memory.
const refreshEvery = time.Second

// watch prints until ctx ends, or the project, which is no error.
func (l *psList) watch(ctx context.Context, p control.Project) error {
	now, err := p.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	w := &psWatch{psList: l, ctx: ctx, live: l.Sheet(l.Out).Width != 0 && !l.json, follower: newFollower(p, control.NewMirror(now), nil, nil)}
	return l.stay(w.live, func() error { return w.follow(ctx, w) }, func() error { return l.print(w.mirror.Snapshot()) })
}

// stay shows a table, live on the terminal's second screen, until follow returns. last
// then prints what stays. The end of the project is no error.
func (g *globals) stay(live bool, follow, last func() error) error {
	if live {
		fmt.Fprint(g.Out, view.EnterScreen)
	}
	err := follow()
	if live {
		fmt.Fprint(g.Out, view.LeaveScreen)
		_ = last()
	}
	if errors.Is(err, control.ErrEnded) {
		_, err = fmt.Fprintln(g.Err, "lhrun: the project has ended")
	}
	return err
}

// event prints a table into a pipe, with an empty line before all but the first.
func (w *psWatch) event(control.Change) {
	tells := changing(w.mirror.Snapshot())
	if w.live || tells == w.shown {
		return
	}
	if w.shown != "" && !w.json {
		fmt.Fprintln(w.Out)
	}
	w.shown = tells
	if err := w.print(w.mirror.Snapshot()); err != nil {
		w.finish(err)
	}
}

// changing is what makes a change worth a new table.
func changing(snap control.Snapshot) string {
	var b strings.Builder
	for _, s := range snap.Services {
		fmt.Fprintln(&b, s.Name, s.State, s.PID, s.Port, s.URL, s.Restarts, s.Reason)
	}
	return b.String()
}

// tick draws the table that stays, when something has changed and each second.
func (w *psWatch) tick(now time.Time) {
	tells := changing(w.mirror.Snapshot())
	if !w.live || tells == w.shown && now.Sub(w.drawn) < refreshEvery {
		return
	}
	w.shown, w.drawn = tells, now
	snap, err := w.project.Snapshot(w.ctx, true)
	if err != nil {
		return // The stream of events tells whether it was the last.
	}
	chosen, err := w.chosen(snap)
	if err == nil {
		_, err = w.Out.WriteString(w.Sheet(w.Out).PsScreen(chosen, now))
	}
	if err != nil {
		w.finish(err)
	}
}

func (w *psWatch) signal(sig os.Signal) { w.finish(signalError{sig, nil}) }
func (w *psWatch) ended(err error)      { w.finish(err) }
