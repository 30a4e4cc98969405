package cli

import (
	"context"
	"errors"
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
	timeout time.Duration
}

func newDown(g *globals) *cobra.Command {
	var o downOptions
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop everything and wait until it is gone",
		Long: `down stops the project that runs here, dependents first, and returns when
nothing of it is left. What a lhrun that was killed has left is ended too.
Where nothing runs, that is fine.

The first Ctrl-C only says what is still waited for; the second kills it.`,
		Example: `  lhrun down
  lhrun down --timeout 5s   kill what is left after that
  lhrun down --clean        also take lhrun's blocks out of port files`,
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.down(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.clean, "clean", false, "also take lhrun's blocks out of port files")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "kill what is left after `DURATION`")
	return cmd
}

func (g *globals) down(ctx context.Context, o downOptions) error {
	screen := g.Bare(false)
	defer screen.Close()
	signals, stop := proc.NotifyDebounced(os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &shutdown{options: o, view: view.NewReporter(screen, nil, g.Masker().Text), signals: signals}
	err := d.run(ctx, g)
	if err != nil || !o.clean {
		return err
	}
	return g.cleanPortFiles(d.view)
}

// shutdown is a run on its way down.
type shutdown struct {
	options  downOptions
	checkout ports.Checkout
	view     *view.Reporter
	signals  <-chan os.Signal
	outcome  error
}

// run brings down what runs. Somebody who has the checkout and does not serve it
// yet, or not any more, is waited for.
func (d *shutdown) run(ctx context.Context, g *globals) error {
	for limit := time.Now().Add(handshakePatience); ; {
		c, client, err := g.Reach(ctx)
		d.checkout = c
		if err == nil {
			err = d.bring(ctx, client)
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
		if pause(ctx, d.signals) {
			return exitError{exitInterrupted, nil}
		}
	}
}

// bring stops the run that client reaches, and waits for its end. One that ends by
// itself as it is asked is an error that isGone.
func (d *shutdown) bring(ctx context.Context, client *control.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	w := &watch{running: client, view: d.view, started: time.Now(), replica: newReplica(nil)}
	w.replica.refresh(now)
	running := view.Filter(w.replica.all(), func(st control.Service) bool { return st.PID != 0 })
	news := w.follow(ctx, now.Seq)
	_, err = client.Ask(ctx, control.Request{Verb: control.VerbDown})
	if err != nil && !errors.Is(err, control.ErrEnded) {
		return err
	}
	d.follow(ctx, w, news)
	d.view.Live(nil)
	if err := d.settle(ctx); err != nil {
		return err
	}
	if n := len(running); n > 0 {
		d.view.Goodbye(n, time.Since(w.started))
	} else {
		d.view.Say("%s (%s) is down", now.Project, now.Instance)
	}
	return d.outcome
}

// follow shows the way down until the run has ended.
func (d *shutdown) follow(ctx context.Context, w *watch, news *stream) {
	kill := func() {
		_, _ = w.running.Ask(ctx, control.Request{Verb: control.VerbDown, Kill: true}) // Else it has ended.
	}
	limit := run.Bound(d.options.timeout)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case e, ok := <-news.events:
			if !ok {
				return
			}
			w.take(e, true)
		case <-limit:
			limit = nil
			d.view.Say("not down within %s: killing what is left", d.options.timeout)
			go kill()
		case <-d.signals:
			if d.outcome == nil {
				d.outcome = exitError{exitInterrupted, nil}
				d.view.Say("still stopping; Ctrl-C again kills what is left")
				continue
			}
			d.view.Say("killing what is left")
			go kill()
		case now := <-tick.C:
			d.view.Stopping(w.replica.all(), now.Sub(w.started))
		}
	}
}

// settlePatience is how long a run that has ended may take to put its things away,
// on whatever disk.
const settlePatience = time.Minute

// settle waits until the run that was here has let go of the checkout.
func (d *shutdown) settle(ctx context.Context) error {
	for limit := time.Now().Add(settlePatience); ; {
		held, err := d.sweep(true)
		if !held {
			return err
		}
		if time.Now().After(limit) {
			return run.Unresponsive(d.checkout)
		}
		if pause(ctx, d.signals) {
			return exitError{exitInterrupted, nil}
		}
	}
}

// sweep ends what a killed run has left, unless somebody holds the checkout. ran
// says that a run has just ended, so that nothing left is no news.
func (d *shutdown) sweep(ran bool) (held bool, err error) {
	told, err := run.Sweep(d.checkout)
	if err != nil {
		_, held = errors.AsType[*run.RunningError](err)
		return held, err
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
