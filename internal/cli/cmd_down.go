package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/ports"
)

// downOptions are the flags of down.
type downOptions struct {
	clean   bool
	all     bool
	timeout time.Duration
}

func newDown(g *globals) *cobra.Command {
	var o downOptions
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop everything and wait until it is gone",
		Long: `down stops the project that runs here, dependents first, and returns when
nothing of it is left. It also ends what a killed lhrun has left. Where nothing
runs, the exit code is 0.

With --all it ends every run of this user, those whose directory is gone too.

The first Ctrl-C says what down still waits for; the second kills it.`,
		Example: `  lhrun down
  lhrun down --timeout 5s   kill what is left after that
  lhrun down --clean        also take lhrun's blocks out of port files
  lhrun down --all          every run of yours on this machine`,
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.down(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.clean, "clean", false, "also take lhrun's blocks out of port files")
	cmd.Flags().BoolVar(&o.all, "all", false, "every run of yours, one without a directory too")
	cmd.MarkFlagsMutuallyExclusive("all", "clean")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "kill what is left after `DURATION`")
	return cmd
}

func (g *globals) down(ctx context.Context, o downOptions) error {
	screen := g.Bare(false)
	defer screen.Close()
	signals, stop := proc.NotifyDebounced(os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &shutdown{Locate: g.Locate, options: o, view: view.NewReporter(screen, nil), signals: signals}
	if o.all {
		return d.all(ctx)
	}
	err := d.run(ctx, g.Reach)
	if err != nil || !o.clean {
		return err
	}
	return g.cleanPortFiles(d.view)
}

// shutdown is a run on its way down.
type shutdown struct {
	run.Locate
	options  downOptions
	checkout ports.Checkout
	// asked is the run that was asked to end: another one that begins meanwhile is left alone.
	asked   string
	view    *view.Reporter
	signals <-chan os.Signal
}

// run stops what runs. It waits for a process that has the checkout and does not serve
// it yet, or not any more.
func (d *shutdown) run(ctx context.Context, reach func(context.Context) (ports.Checkout, *control.Client, error)) error {
	for limit := time.Now().Add(handshakePatience); ; {
		c, client, err := reach(ctx)
		d.checkout = c
		if err == nil {
			err = d.stop(ctx, client)
		}
		if !run.IsGone(err) {
			return err
		}
		held, err := d.sweep(false)
		if !held {
			return err
		}
		if time.Now().After(limit) {
			return run.Unresponsive(c)
		}
		if sig := pause(ctx, d.signals); sig != nil {
			return signalError{sig, nil}
		}
	}
}

// all ends every run of this user, one after the other. A run that cannot be ended keeps
// no other one.
func (d *shutdown) all(ctx context.Context) (err error) {
	runs := run.List()
	if len(runs) == 0 {
		d.view.Say("nothing of yours runs on this machine")
	}
	for _, r := range runs {
		at := *d
		at.Locate = run.Locate{Dir: r.Checkout.Dir, Warn: d.Warn}
		one := at.run(ctx, func(ctx context.Context) (ports.Checkout, *control.Client, error) {
			client, err := run.DialCheckout(ctx, r.Checkout)
			return r.Checkout, client, err
		})
		if exit, ok := errors.AsType[exitError](one); ok && exit.code == exitInterrupted {
			return one
		}
		if one != nil {
			d.view.Alarm("%v", one)
			err = exitError{exitFailed, nil}
		}
	}
	return err
}

// stop stops the run that client reaches, and waits for its end. The error of a run that
// ends by itself meanwhile satisfies run.IsGone.
func (d *shutdown) stop(ctx context.Context, client *control.Client) error {
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	d.asked = now.Run
	f := newFollower(client, control.NewMirror(now), nil, d.view)
	f.ending, f.signals, f.bound = true, d.signals, run.Bound(d.options.timeout)
	running := view.Count(f.all(), func(st control.Service) bool { return st.PID != 0 })
	_, err = client.Ask(ctx, control.Request{Verb: control.VerbDown})
	if err != nil && !errors.Is(err, control.ErrEnded) {
		return err
	}
	outcome := f.follow(ctx, &stopping{follower: f, timeout: d.options.timeout})
	if err := d.awaitRelease(ctx); err != nil {
		return err
	}
	switch unended := len(f.unended()); {
	case running > unended:
		d.view.Goodbye(running-unended, time.Since(f.started))
	case unended == 0:
		d.view.Say("%s (%s) is down", now.Project, now.Instance)
	}
	return outcome
}

// stopping is the policy of down while the run ends.
type stopping struct {
	passive
	*follower
	timeout     time.Duration
	interrupted os.Signal
}

func (d *stopping) signal(sig os.Signal) {
	if d.interrupted == nil {
		d.interrupted = sig
		d.view.Say("still stopping; Ctrl-C again kills what is left")
		return
	}
	d.kill("killing what is left")
}

func (d *stopping) late() { d.kill(fmt.Sprintf("not down within %s: killing what is left", d.timeout)) }

func (d *stopping) kill(why string) {
	d.view.Say("%s", why)
	go func() {
		// Where it does not get there, the run has ended.
		_, _ = d.project.Ask(context.Background(), control.Request{Verb: control.VerbDown, Kill: true})
	}()
}

func (d *stopping) tick(now time.Time) { d.view.Stopping(d.all(), now.Sub(d.started)) }

func (d *stopping) ended(error) {
	var reason error
	if d.interrupted != nil {
		reason = signalError{d.interrupted, nil}
	}
	d.finish(whole(reason, d.unended()))
}

// releasePatience is how long a run that has ended may take to put its things away,
// on whatever disk.
const releasePatience = time.Minute

// awaitRelease waits until the run that was here has let go of the checkout.
func (d *shutdown) awaitRelease(ctx context.Context) error {
	for limit := time.Now().Add(releasePatience); ; {
		held, err := d.sweep(true)
		if !held {
			return err
		}
		if time.Now().After(limit) {
			return run.Unresponsive(d.checkout)
		}
		if sig := pause(ctx, d.signals); sig != nil {
			return signalError{sig, nil}
		}
	}
}

// sweep ends what a killed run has left, unless somebody holds the checkout. ran
// says that a run has just ended, so that nothing left is no news.
func (d *shutdown) sweep(ran bool) (held bool, err error) {
	told, err := d.Sweep(d.checkout)
	if running, ok := errors.AsType[*run.RunningError](err); ok {
		if d.asked != "" && running.Run != "" && running.Run != d.asked {
			return false, nil // The run that was asked has ended, and its place is taken.
		}
		return true, err
	}
	if err != nil {
		return false, err
	}
	for _, line := range told {
		d.view.Say("%s", line)
	}
	if !ran && told == nil {
		d.view.Say("%s (%s) does not run", d.checkout.Project, d.checkout.Instance)
	}
	return false, nil
}

// cleanPortFiles takes the blocks out of the project's port files.
func (g *globals) cleanPortFiles(v *view.Reporter) error {
	p, err := g.Open()
	if err != nil {
		return err
	}
	for _, f := range p.Resolved.Dotenv {
		if dotenv.Obstacle(p.Dir, f.Path) != "" {
			continue // lhrun has never written it.
		}
		removed, err := dotenv.Remove(p.Dir, f.Path)
		if err != nil {
			return err
		}
		if removed {
			v.Say("took lhrun's block out of %s", f.Path)
		}
	}
	return nil
}
