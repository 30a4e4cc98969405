package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/proc"
)

// upOptions are the flags of up.
type upOptions struct {
	names          []string
	timestamps     bool
	logFormat      string
	timeout        time.Duration
	abortOnFailure bool
	noDeps         bool
	dryRun         bool
	keepGoing      bool
	detach         bool
	json           bool
	// openScreen makes another screen than up's; nil is up's.
	openScreen func(names []string) screen
}

func newUp(g *globals) *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up [SERVICE…]",
		Short: "Start all services, or these and what they need, until Ctrl-C",
		Long: `up gives every service its port, writes the port files, starts each service as
soon as what it depends on is ready, and shows what they write. The first Ctrl-C
stops them, dependents first; the second kills what is left.

With -d it does so in the background, and returns when all is ready: 0, or 1
when a service failed, or 4 when not all was ready within --timeout. What
started goes on even then, except with --abort-on-failure; lhrun down stops it.
Ctrl-C before that stops what was started.

Where the project runs already, up joins: it starts what is missing, shows what
all services write from now on, and its Ctrl-C only leaves (130 before all is
ready, else 0).

A run ends by itself when every service has come to its end by itself. One that
was stopped by name may be started again, so it keeps the run going. With a
Procfile everything ends when one process does, with its exit code.`,
		Example: `  lhrun up                    everything
  lhrun up api                api and what it depends on
  lhrun up -d --timeout 30s   in the background; code 4 when not ready by then
  lhrun up -t --no-color      with times, without colours`,
		ValidArgsFunction: g.completeServices,
		RunE: func(_ *cobra.Command, names []string) error {
			o.names = names
			return g.up(o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.detach, "detach", "d", false, "run in the background, and return when all is ready")
	f.BoolVarP(&o.timestamps, "timestamps", "t", false, "put the time before each line")
	f.StringVar(&o.logFormat, "log-format", "text", "`FORMAT` of the stream: text or json")
	f.DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not ready after `DURATION`")
	f.BoolVar(&o.abortOnFailure, "abort-on-failure", false, "stop everything when a service fails")
	f.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what up would do, and do nothing")
	f.BoolVar(&o.json, "json", false, "with --dry-run: print JSON")
	f.BoolVar(&o.keepGoing, "keep-going", false, "with a Procfile: go on when a process ends")
	return cmd
}

func (g *globals) up(o upOptions) error {
	if o.logFormat != "text" && o.logFormat != "json" {
		return usageError("--log-format is text or json, not %q", o.logFormat)
	}
	if o.noDeps && len(o.names) == 0 {
		return usageError("--no-deps needs the names of services")
	}
	if o.json && !o.dryRun {
		return usageError("--json goes with --dry-run; \"lhrun ps --json\" shows what runs")
	}
	if o.dryRun {
		p, err := g.dryRun(context.Background(), o)
		if err != nil {
			return err
		}
		return g.printPlan(p, o.json)
	}
	guard, guarded := proc.Guarded()
	away := os.Getenv(awayKey) != ""
	switch {
	case guarded:
		os.Unsetenv(awayKey)
		if g.away = away; away {
			o.timeout = 0 // That is for the one who waits.
		}
		return g.host(o, guard)
	case o.detach && !away:
		return g.upAway(o)
	}
	code, err := proc.Guard(proc.GuardOptions{})
	if err != nil {
		return err
	}
	mournedBy(proc.Self(), code)
	return exitError{code, nil}
}

// host runs the project, or joins the run that there is.
func (g *globals) host(o upOptions, guard *proc.GuardedSide) error {
	return g.together(o, guard.Signals(), func() (*meeting, error) {
		ses, err := g.openSession(o, guard)
		if err == nil {
			return nil, errors.Join(ses.handOver(), ses.run(guard), ses.close())
		}
		running, ok := errors.AsType[errRunning](err)
		if !ok {
			return nil, err
		}
		m := &meeting{Checkout: running.checkout, Wanted: running.wanted, Joins: true}
		if g.away {
			return nil, json.NewEncoder(g.Out).Encode(word{Meet: m})
		}
		return m, nil
	})
}
