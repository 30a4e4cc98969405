package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
)

// browserCaller is the caller of what comes through the front.
const browserCaller = "browser"

func newTraffic(g *globals) *cobra.Command {
	var q traffic.Query
	var since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "traffic [EDGE|SERVICE…]",
		Short: "Show the calls between services that are inspected",
		Long: `traffic shows the calls that the inspector has seen, in the order in which they
began: all, or those of an EDGE, "web -> api" or "* -> db", or from and to a
SERVICE. A call that goes on is pending.

--since takes a duration (10m), a time as "lhrun logs" does, or the number of a
call. --status takes 404, 5xx, OK, 42P01, or several with commas between. --path
takes a pattern: * is within a directory, ** is not. --grep looks at everything
that was said, headers and bodies too, but not at what is masked.

Values of headers, parameters and JSON members that [inspect] hide names, and
passwords, are shown as ***; --reveal shows them.

--json prints one object a line: {"id","time","from","to","protocol","method",
"path","status","ms","bytes_up","bytes_down","error","fault"}; ms is null while
a call is pending. With -f a call comes again when it has changed.`,
		Example: `  lhrun traffic -f
  lhrun traffic "web -> api" --status 5xx --since 10m
  lhrun traffic show 12`,
		ValidArgsFunction: g.completeServices,
		RunE: func(_ *cobra.Command, names []string) error {
			q.Names = names
			if err := readSince(&q, since, time.Now()); err != nil {
				return err
			}
			if q.Last < 0 || q.Slow < 0 {
				return usageError("-n and --slow are not less than 0")
			}
			if err := q.Check(); err != nil {
				return usageError("%w", err)
			}
			return g.traffic(q, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&g.File, "file", "", "read `FILE` instead of lhrun.toml")
	f.BoolVarP(&q.Follow, "follow", "f", false, "go on with what comes")
	f.IntVarP(&q.Last, "lines", "n", 0, "only the last `N` calls")
	f.StringVar(&since, "since", "", "only calls from `TIME`, or from a number, on")
	f.StringVar(&q.Status, "status", "", "only calls with `STATUS`")
	f.DurationVar(&q.Slow, "slow", 0, "only calls that took `DURATION` or longer")
	f.StringVar(&q.Path, "path", "", "only calls whose path matches `GLOB`")
	f.StringVar(&q.Grep, "grep", "", "only calls that match the regular expression `RE`")
	f.BoolVar(&q.Reveal, "reveal", false, "show what is secret")
	addJSON(cmd, &asJSON)
	cmd.AddCommand(newTrafficShow(g), newTrafficCurl(g), newTrafficHAR(g), newTrafficReplay(g), newTrafficDiff(g), newTrafficClear(g))
	return cmd
}

func readSince(q *traffic.Query, since string, now time.Time) (err error) {
	if id, bad := strconv.ParseUint(since, 10, 64); bad == nil {
		q.First = id
		return nil
	}
	if q.Since, err = words.ParseMoment(since, now); err != nil {
		return usageError("--since %w, or the number of a call", err)
	}
	return nil
}

// dialTraffic returns nil where nothing is inspected, and has said so.
func (g *globals) dialTraffic(ctx context.Context) (*control.Client, *traffic.Client, error) {
	checkout, project, err := g.Dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := run.DialTraffic(ctx, checkout)
	if errors.Is(err, control.ErrNotRunning) {
		fmt.Fprintln(g.Err, `lhrun: nothing is inspected: "lhrun inspect on" begins with it`)
		return project, nil, nil
	}
	return project, client, err
}

func (g *globals) traffic(q traffic.Query, asJSON bool) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	project, client, err := g.dialTraffic(ctx)
	if err != nil {
		return err
	}
	var stats traffic.Stats
	if client != nil {
		defer client.Close()
		if stats, err = client.Stats(ctx); err != nil {
			return err
		}
	}
	if err := refuseStrangers(ctx, project, stats.Edges, q.Names); err != nil || client == nil {
		return err
	}
	rows := g.Sheet(g.Out).TrafficRows(stats.Edges)
	if asJSON {
		g.printed = true
	} else if stats.Kept > 0 || q.Follow {
		fmt.Fprintln(g.Out, rows.Head())
	}
	mask := g.Masker()
	return client.List(ctx, q, func(r traffic.Row) error {
		if !q.Reveal {
			r.Path, r.Error = mask.Text(r.Path), mask.Text(r.Error)
		}
		if asJSON {
			return view.PrintJSON(g.Out, r)
		}
		_, err := fmt.Fprintln(g.Out, rows.Row(r))
		return err
	})
}

// refuseStrangers refuses names that are neither of services nor of callers.
func refuseStrangers(ctx context.Context, p control.Project, edges []traffic.Edge, names []string) error {
	if len(names) == 0 {
		return nil
	}
	now, err := p.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	known := append(view.Names(now.Services), browserCaller)
	for _, e := range edges {
		for _, end := range []string{e.From, e.To} {
			if !slices.Contains(known, end) {
				known = append(known, end)
			}
		}
	}
	for _, name := range names {
		ends := []string{name}
		if e, ok := traffic.ParseEdge(name); ok {
			ends = []string{e.From, e.To}
		}
		for _, end := range ends {
			if !slices.Contains(known, end) && !(len(ends) == 2 && end == "*") {
				return exitError{exitUsage, words.Unknown("service", end, known)}
			}
		}
	}
	return nil
}

// readCall reads the number of a call.
func readCall(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, usageError("%q is no number of a call; \"lhrun traffic\" shows them", text)
	}
	return id, nil
}

// call fetches a call, masked unless reveal.
func (g *globals) call(ctx context.Context, client *traffic.Client, text string, reveal bool) (traffic.Entry, error) {
	id, err := readCall(text)
	if err != nil {
		return traffic.Entry{}, err
	}
	if client == nil {
		return traffic.Entry{}, exitError{exitFailed, fmt.Errorf("there is no call %d", id)}
	}
	e, err := client.Show(ctx, id, reveal)
	if err == nil && !reveal {
		e = traffic.NewMask(nil, g.Masker().Text).Entry(e)
	}
	return e, err
}

// baseOf is the address of a service's port, without a path.
func baseOf(ctx context.Context, p control.Project, name, port string) (string, error) {
	now, err := p.Snapshot(ctx, false)
	if err != nil {
		return "", err
	}
	s, known := view.ServiceNamed(now, name)
	if !known {
		return "", exitError{exitUsage, words.Unknown("service", name, view.Names(now.Services))}
	}
	number := s.Port
	if port != "" {
		number = s.Ports[port]
	}
	if number == 0 {
		return "", usageError("service %q has no port to send a call to", name)
	}
	scheme := "http"
	if strings.HasPrefix(s.URL, "https:") {
		scheme = "https"
	}
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, number), nil
}
