package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// enter makes the target of a one-off run: it hosts the project, or attaches to the
// run that there is. The events begin with those of what it has started.
func (e *oneOff) enter() (*stream, error) {
	for limit := time.Now().Add(handshakePatience); ; {
		h, err := e.openHosted(e.with, false, e.guard, func(s *run.Session) (view.Screen, error) { return e.openScreen(s.Wanted()), nil })
		if err == nil {
			return e.host(h)
		}
		running, ok := errors.AsType[*run.RunningError](err)
		if !ok {
			return nil, err
		}
		events, err := e.attach(running)
		switch {
		case errors.Is(err, errEnding):
			limit = time.Now().Add(handshakePatience)
		case !errors.Is(err, control.ErrNotRunning):
			return events, err
		case time.Now().After(limit):
			return nil, run.Unresponsive(running.Checkout)
		}
		select {
		case <-time.After(handshakePause):
		case <-e.guard.Arrivals():
			return nil, exitError{exitInterrupted, nil}
		}
	}
}

func (e *oneOff) openScreen(names []string) view.Screen {
	e.screen = e.OneOff(e.verbose, names)
	return e.screen
}

// hostedTarget is a project that this process runs.
type hostedTarget struct {
	*hosted
	// dir is where commands run; "" is here.
	dir string
}

func (e *oneOff) host(h *hosted) (*stream, error) {
	e.target, e.watch = &hostedTarget{h, e.Dir}, h.watch
	e.started, e.bound, e.view.Terse = time.Now(), run.Bound(e.timeout), true
	e.replica.expect(0, h.Wanted()...)
	events := e.follow(context.Background(), 0)
	if err := h.Start(); err != nil {
		e.finish(err)
	}
	return events, nil
}

func (t *hostedTarget) execution(argv []string) (run.Execution, error) {
	return t.Execution("", t.dir, argv)
}

func (t *hostedTarget) end(kill bool) {
	t.Stop()
	if kill {
		t.Kill()
	}
}

func (t *hostedTarget) mine(all []control.Service) []control.Service { return all }
func (t *hostedTarget) over() <-chan error                           { return t.Ended() }
func (t *hostedTarget) stops() <-chan bool                           { return t.StopRequests() }
func (t *hostedTarget) resize()                                      { t.Resize() }
func (t *hostedTarget) close() error                                 { return t.Close() }

// attachedTarget is a project of another process. started are the services that were
// not up before.
type attachedTarget struct {
	*globals
	client  *control.Client
	started []string
	ending  bool
	ended   chan error
}

func (e *oneOff) attach(running *run.RunningError) (*stream, error) {
	ctx := context.Background()
	client, err := run.DialCheckout(ctx, running.Checkout)
	if err != nil {
		return nil, err
	}
	t := &attachedTarget{globals: e.globals, client: client, ended: make(chan error, 1)}
	e.openScreen(running.Wanted)
	e.target, e.watch = t, &watch{
		running: client, replica: newReplica(running.Wanted),
		view: view.NewReporter(e.screen, running.Wanted, e.Masker().Text), started: time.Now(),
	}
	e.view.Terse, e.bound = true, run.Bound(e.timeout)
	return t.begin(ctx, e.watch)
}

// begin asks for what is missing. It returns errEnding after the end of a run that
// was on its way down.
func (t *attachedTarget) begin(ctx context.Context, w *watch) (*stream, error) {
	now, err := t.client.Snapshot(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, name := range w.replica.wanted {
		if _, known := view.ServiceNamed(now, name); !known {
			return nil, usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		}
	}
	w.replica.refresh(now)
	answer, err := t.client.Ask(ctx, control.Request{Verb: supervisor.VerbStart, Services: w.replica.wanted, Missing: true})
	switch {
	case errors.Is(err, control.ErrEnded):
		_ = t.client.Events(ctx, now.Seq, func(control.Event) error { return nil }) // Its end is what is waited for.
		return nil, errEnding
	case err != nil:
		return nil, asUsage(err)
	}
	t.started = answer.Changed
	w.replica.expect(answer.Seq, answer.Changed...)
	return w.follow(ctx, now.Seq), nil
}

// execution knows the ports that the running project has now.
func (t *attachedTarget) execution(argv []string) (run.Execution, error) {
	p, err := t.Open()
	if err != nil {
		return run.Execution{}, err
	}
	return p.Execution("", t.Dir, argv)
}

// end stops what was started, unless something else needs it by now. The second
// call does not wait for that.
func (t *attachedTarget) end(bool) {
	if t.ending {
		t.finish(nil)
		return
	}
	t.ending = true
	go func() { t.finish(t.stopStarted(context.Background())) }()
}

// finish tells of the end, the first one.
func (t *attachedTarget) finish(err error) {
	select {
	case t.ended <- err:
	default:
	}
}

func (t *attachedTarget) stopStarted(ctx context.Context) error {
	now, err := t.client.Snapshot(ctx, false)
	mine := unneeded(now, t.started)
	if err == nil && len(mine) > 0 {
		if _, err = t.client.Ask(ctx, control.Request{Verb: supervisor.VerbStop, Services: mine, NoDeps: true}); err == nil {
			err = follow(ctx, t.client, func(now control.Snapshot) bool {
				return !slices.ContainsFunc(now.Services, func(st control.Service) bool {
					return slices.Contains(mine, st.Name) && !view.IsSettled(st)
				})
			})
		}
	}
	if run.IsGone(err) {
		return nil // It went with the whole project.
	}
	return err
}

// unneeded are those of started that nothing else that is up depends on.
func unneeded(now control.Snapshot, started []string) []string {
	mine := slices.Clone(started)
	for again := true; again; {
		again = false
		for _, st := range now.Services {
			if view.IsSettled(st) || slices.Contains(mine, st.Name) {
				continue
			}
			before := len(mine)
			mine = slices.DeleteFunc(mine, func(name string) bool { return slices.Contains(st.DependsOn, name) })
			again = again || len(mine) < before
		}
	}
	return mine
}

func (t *attachedTarget) mine(all []control.Service) []control.Service {
	return view.Filter(all, func(st control.Service) bool { return slices.Contains(t.started, st.Name) })
}

func (t *attachedTarget) over() <-chan error { return t.ended }
func (t *attachedTarget) stops() <-chan bool { return nil }
func (t *attachedTarget) resize()            {}
func (t *attachedTarget) close() error       { return nil }
