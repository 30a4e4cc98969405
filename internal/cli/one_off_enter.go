package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// enter makes the run uses services: of the run that there is, or of one that it begins
// in the background.
func (e *oneOff) enter() error {
	running, wanted, err := run.Options{Locate: e.Locate, Names: e.with}.Running()
	if err != nil {
		return err
	}
	e.screen = e.OneOff(e.verbose, wanted)
	err = beginOrAttach(func() (*handshake, error) {
		there := running
		if running = nil; there != nil {
			return &handshake{Checkout: there.Checkout, Wanted: wanted, Joins: true}, nil
		}
		return e.beginHost()
	}, e.attach, e.pause)
	if err != nil {
		_ = e.screen.Close()
	}
	return err
}

// beginHost starts a run in the background that ends with those who use it, this one first.
func (e *oneOff) beginHost() (*handshake, error) {
	b, err := e.beginDetached(e.screen, func(in, out, errs *os.File) (*os.Process, error) {
		return e.guard.Detach(e.hostArgs(), append(os.Environ(), detachedKey+"="+e.guard.Run()), in, out, errs)
	})
	if err != nil {
		return nil, err
	}
	m, err := await(b, e.guard.Arrivals(), func(a proc.Arrival) os.Signal { return a.Signal })
	if m != nil && m.Joins {
		m.seen()
		go func() { _, _ = m.host.Wait() }()
		return &handshake{Checkout: m.Checkout, Wanted: m.Wanted, Joins: true}, nil
	}
	return m, err
}

// pause is that of beginOrAttach.
func (e *oneOff) pause() os.Signal {
	over := time.After(handshakePause)
	for {
		select {
		case <-over:
			return nil
		case a := <-e.guard.Arrivals():
			if interrupts(a.Signal) {
				return a.Signal
			}
		}
	}
}

// attach takes hold of what is wanted in the run that m names.
func (e *oneOff) attach(m handshake) error {
	ctx := context.Background()
	client, err := run.DialCheckout(ctx, m.Checkout)
	if err != nil {
		return err
	}
	e.holding = newHolding(m, client)
	var now control.Snapshot // What a run does that this one began is told from its first event on.
	var effective uint64
	lines := control.LogQuery{Services: m.Wanted}
	if m.Joins {
		lines.Since = time.Now()
		if now, effective, err = e.join(ctx); err != nil {
			return err
		}
	} else {
		e.lent, e.brought = true, m.Wanted
	}
	e.follower = newFollower(client, control.NewMirror(now), m.Wanted, view.NewReporter(e.screen, m.Wanted))
	e.effective = effective
	if e.verbose {
		e.lines = followLines(ctx, client, lines, e.screen, e.view)
	}
	if m.interrupted != nil {
		e.end(signalError{m.interrupted, nil})
		e.press(m.interrupted)
	}
	return nil
}

// join takes hold in a run of somebody else.
func (h *holding) join(ctx context.Context) (now control.Snapshot, effective uint64, err error) {
	if now, err = h.client.Snapshot(ctx, false); err != nil {
		return now, 0, err
	}
	for _, name := range h.Wanted {
		if _, known := view.ServiceNamed(now, name); !known {
			return now, 0, usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		}
	}
	answer, err := hold(ctx, h.client, h.Wanted, false)
	switch {
	case errors.Is(err, control.ErrEnded):
		_ = h.client.Events(ctx, now.Seq, func(control.Event) error { return nil }) // Its end is what is waited for.
		return now, 0, errEnding
	case err != nil:
		return now, 0, asUsage(err)
	}
	h.brought, h.Hold, h.lent, h.run = answer.Changed, answer.Hold, now.OneOff, now.Run
	return now, answer.Effective, nil
}
