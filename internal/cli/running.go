package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
)

// dial connects to the run of the project that is here. Where it does not run, the
// error says how to start it and has the exit code for that.
func (g *globals) dial(ctx context.Context) (ports.Checkout, *control.Client, error) {
	p, err := g.find()
	if err != nil {
		return ports.Checkout{}, nil, err
	}
	client, err := dialCheckout(ctx, p.checkout)
	if errors.Is(err, control.ErrNotRunning) {
		g.clearUp(p.checkout)
		err = notRunning(p.checkout, "lhrun up")
	}
	return p.checkout, client, err
}

// dialCheckout returns control.ErrNotRunning where the checkout does not run.
func dialCheckout(ctx context.Context, c ports.Checkout) (*control.Client, error) {
	path, err := control.SocketPath(c.Project, c.Instance)
	if err != nil {
		return nil, err
	}
	return control.Dial(ctx, path)
}

func notRunning(c ports.Checkout, start string) error {
	return exitError{exitNotRunning, fmt.Errorf("%s (%s) does not run; start it with %q", c.Project, c.Instance, start)}
}

// clearUp ends what a run of the checkout has left that was killed with its guard,
// and says so.
func (g *globals) clearUp(c ports.Checkout) {
	i, err := newInstance(c)
	if err != nil {
		return // Whoever needs the directory says what is wrong with it.
	}
	if _, err := i.record(); err != nil {
		return // No run was killed.
	}
	if i.lock, err = lockFile(filepath.Join(i.dir, "lock")); err != nil {
		return // It runs, or begins to.
	}
	for _, line := range i.sweep() {
		fmt.Fprintln(g.Err, "lhrun:", line)
	}
	_ = i.release()
}
