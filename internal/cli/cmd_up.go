package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
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
	// inspect are the services to inspect, run.InspectAll stands for every one.
	inspect []string
}

func newUp(g *globals) *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up [SERVICE…]",
		Short: "Start all services, or these and what they need, until Ctrl-C",
		Long: `up gives every service its port, writes the port files, starts each service as
soon as what it depends on is ready, and shows what they write. The first Ctrl-C
stops them, dependents first; the second kills what is left.

With -d, up runs in the background and returns when all is ready: with exit code
0, with 1 when a service failed, or with 4 when not all was ready within
--timeout. What started goes on even then, except with --abort-on-failure; lhrun
down stops it. Ctrl-C before up returns stops what it started.

Where the project already runs, up joins it: it starts what is missing and shows
what all services write from now on. Ctrl-C then only leaves (exit code 130
before all is ready, else 0).

up exits when every service has finished. A service that you stopped by name
does not count as finished. With a Procfile, everything ends when one process
does, and its exit code is up's.`,
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
	f.BoolVar(&o.noDeps, "no-deps", false, "neither start nor await what the named ones need")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what up would do, and do nothing")
	f.BoolVar(&o.json, "json", false, "with --dry-run: print JSON")
	f.StringSliceVar(&o.inspect, "inspect", nil, "inspect calls to `NAMES`, or to all")
	f.Lookup("inspect").NoOptDefVal = run.InspectAll
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
	detached := os.Getenv(detachedKey)
	switch {
	case guarded:
		os.Unsetenv(detachedKey)
		if detached != "" {
			return g.upInBackground(o, guard, detached)
		}
		return g.upHere(o, guard)
	case o.detach && detached == "":
		return g.upDetached(o)
	}
	return runGuarded(proc.GuardOptions{})
}

// runGuarded starts this program again and ends whatever that leaves behind. Where
// it was killed, the guard leaves word of that.
func runGuarded(o proc.GuardOptions) error {
	end, err := proc.Guard(o)
	if err != nil {
		return err
	}
	asked := end.Signal == syscall.SIGINT || end.Signal == syscall.SIGTERM || end.Signal == syscall.SIGHUP || end.Signal == syscall.SIGQUIT
	if end.Signal != 0 && !asked || end.Code == exitUsage { // 2 is a panic's, too.
		run.RecordCrash()
	}
	if end.Signal != 0 {
		return signalError{end.Signal, nil}
	}
	return exitError{end.Code, nil}
}

// upHere runs the project in this terminal, or attaches to the run that there is.
func (g *globals) upHere(o upOptions, guard *proc.GuardedSide) error {
	return g.beginOrJoin(o, guard.Signals(), func() (*handshake, error) {
		h, err := g.openHosted(run.Options{Names: o.names, NoDeps: o.noDeps, Inspect: o.inspect}, guard, func(s *run.Session) (view.Screen, error) {
			screen := g.stream(o, s.Wanted())
			screen.OnFull(func(err error) { s.Say(hclog.Warn, g.outputFull(err)) })
			return screen, nil
		})
		if err != nil {
			return g.runOfAnother(err)
		}
		return nil, errors.Join(runForeground(h, o, guard), h.Close())
	})
}

// upInBackground runs the project for the lhrun that has begun this one, or tells it
// of the run that there is. by is the value of detachedKey.
func (g *globals) upInBackground(o upOptions, guard *proc.GuardedSide, by string) error {
	o.timeout = 0 // That is for the one who waits.
	oneOff := by != detachedUp
	var screen *detachedScreen
	h, err := g.openHosted(run.Options{Names: o.names, NoDeps: o.noDeps, OneOff: oneOff, Inspect: o.inspect}, guard, func(s *run.Session) (_ view.Screen, err error) {
		screen, err = newDetachedScreen(s.OwnLog(), g.Out)
		return screen, err
	})
	if err != nil {
		other, err := g.runOfAnother(err)
		if err != nil {
			return err
		}
		return json.NewEncoder(g.Out).Encode(message{Handshake: other})
	}
	seen, err := screen.handOver(&handshake{Checkout: h.Checkout, Wanted: h.Wanted(), Hold: h.FirstHold()})
	if oneOff {
		cleared := h.clearUpAfter(seen, by)
		err = errors.Join(err, runForeground(h, o, guard))
		cleared()
		return errors.Join(err, h.Close())
	}
	err = errors.Join(err, runForeground(h, o, guard))
	select {
	case <-seen: // Whoever began this run gets the time to see its end.
	case <-time.After(handshakePatience):
	}
	return errors.Join(err, h.Close())
}

// clearUpAfter takes the end of the user whom a one-off run was begun for. Where he has not
// taken leave, which gone would tell, he was killed: it ends what is left of him, by his
// mark, and the services soon, if they end with him. The result waits for that.
func (h *hosted) clearUpAfter(gone <-chan bool, mark string) (wait func()) {
	var clearing sync.WaitGroup
	over := make(chan struct{})
	clearing.Go(func() {
		select {
		case left := <-gone:
			ends := h.FirstUserGone(!left)
			if left {
				return
			}
			if ends {
				time.AfterFunc(hangUpPatience, h.Kill)
			}
			proc.EndLeftovers(proc.Record{Run: mark}, 0)
		case <-over:
		}
	})
	return func() {
		close(over)
		clearing.Wait()
	}
}

// runOfAnother is where to reach the run that err tells of, or err.
func (g *globals) runOfAnother(err error) (*handshake, error) {
	other, ok := errors.AsType[*run.RunningError](err)
	if !ok {
		return nil, err
	}
	return &handshake{Checkout: other.Checkout, Wanted: other.Wanted, Joins: true}, nil
}
