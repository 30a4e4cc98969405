package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/spf13/cobra"
)

func newPs(g *globals) *cobra.Command {
	var watch, asJSON bool
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
description, depends_on, waits_for, next_try and timed_out; the object also has
lhrun's version and the number of the last event, seq. With -w there is one
object a line.

Where the project does not run, ps prints nothing and the exit code is 5.`,
		Example: `  lhrun ps
  lhrun ps -w
  lhrun ps --json | jq -r '.services[] | select(.state != "ready") | .name'`,
		ValidArgsFunction: g.completeServices,
		RunE: func(_ *cobra.Command, names []string) error {
			return g.ps(names, watch, asJSON)
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on showing what changes")
	addJSON(cmd, &asJSON)
	return cmd
}

func (g *globals) ps(names []string, watch, asJSON bool) error {
	ctx, stop := untilInterrupted()
	defer stop()
	_, client, err := g.Dial(ctx, names...)
	if err != nil {
		return err
	}
	list := &psList{globals: g, project: client, names: names, json: asJSON}
	if watch {
		return g.conclude(list.watch(ctx))
	}
	snap, err := client.Snapshot(ctx, true)
	if err != nil {
		return err
	}
	return list.print(snap)
}

// psList prints the services that were asked for.
type psList struct {
	*globals
	project control.Project
	names   []string
	json    bool
	mask    *mask.Masker
}

// chosen is snap with the services that were asked for, fit for a screen.
func (l *psList) chosen(snap control.Snapshot) (control.Snapshot, error) {
	list, err := pick(snap, l.names)
	if err != nil {
		return snap, err
	}
	snap.Services = make([]control.Service, len(list))
	for i, s := range list {
		s.Reason = l.masked(s.Reason)
		snap.Services[i] = s
	}
	return snap, nil
}

// masked reads the project's variables only when there is something to say.
func (l *psList) masked(text string) string {
	if text == "" {
		return ""
	}
	if l.mask == nil {
		m := l.Masker()
		l.mask = &m
	}
	return l.mask.Text(text)
}

func (l *psList) print(snap control.Snapshot) error {
	snap, err := l.chosen(snap)
	if err != nil {
		return err
	}
	if l.json {
		return view.PrintJSON(l.Out, snap)
	}
	_, err = fmt.Fprintln(l.Out, strings.Join(l.Sheet(l.Out).PsTable(snap.Services, time.Now()), "\n"))
	return err
}

// watch prints until ctx ends, or the project, which is no error.
func (l *psList) watch(ctx context.Context) error {
	var err error
	if s := l.Sheet(l.Out); s.Width != 0 && !l.json {
		err = l.watchLive(ctx)
	} else {
		err = l.watchPlain(ctx)
	}
	if errors.Is(err, control.ErrEnded) {
		_, err = fmt.Fprintln(l.Err, "lhrun: the project has ended")
	}
	return err
}

// watchPlain prints once now and once after each change, with an empty line
// between tables.
func (l *psList) watchPlain(ctx context.Context) error {
	var failed error
	first, before := true, ""
	err := follow(ctx, l.project, func(snap control.Snapshot) bool {
		now := changing(snap)
		if now == before {
			return false
		}
		if before = now; !first && !l.json {
			fmt.Fprintln(l.Out)
		}
		first = false
		failed = l.print(snap)
		return failed != nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// changing is what makes a change worth a new table.
func changing(snap control.Snapshot) string {
	var b strings.Builder
	for _, s := range snap.Services {
		fmt.Fprintln(&b, s.Name, s.State, s.PID, s.Port, s.URL, s.Restarts, s.Reason)
	}
	return b.String()
}

// redrawEvery is how soon after a change the screen shows it; refreshEvery is how
// often cpu and memory are measured.
const (
	redrawEvery  = 50 * time.Millisecond
	refreshEvery = time.Second
)

// watchLive keeps the table on the screen. The last one stays on the first screen.
func (l *psList) watchLive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	snaps := make(chan control.Snapshot, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- follow(ctx, l.project, func(snap control.Snapshot) bool {
			select {
			case <-snaps: // An older one that nobody has looked at.
			default:
			}
			snaps <- snap
			return false
		})
	}()
	fmt.Fprint(l.Out, view.EnterScreen)
	last, err := l.redraw(ctx, snaps, ended)
	fmt.Fprint(l.Out, view.LeaveScreen)
	if last != nil {
		_ = l.print(*last)
	}
	return err
}

// redraw shows the project after each change and each second, and returns what was
// known last.
func (l *psList) redraw(ctx context.Context, snaps <-chan control.Snapshot, ended <-chan error) (last *control.Snapshot, err error) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case snap := <-snaps:
			last = &snap
		case <-tick.C:
		case err := <-ended:
			select {
			case snap := <-snaps:
				last = &snap
			default:
			}
			return last, err
		}
		snap, err := l.project.Snapshot(ctx, true)
		if err != nil {
			continue // The stream of events tells whether it was the last.
		}
		last = &snap
		chosen, err := l.chosen(snap)
		if err != nil {
			return last, err
		}
		if _, err := l.Out.WriteString(l.Sheet(l.Out).PsScreen(chosen, time.Now())); err != nil {
			return last, err
		}
		time.Sleep(redrawEvery)
	}
}
