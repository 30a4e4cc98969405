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
// run that there is.
func (e *oneOff) enter() error {
	for limit := time.Now().Add(handshakePatience); ; {
		h, err := e.openHosted(e.with, false, e.guard, func(s *run.Session) (view.Screen, error) { return e.openScreen(s.Wanted()), nil })
		if err == nil {
			e.host(h)
			return nil
		}
		running, ok := errors.AsType[*run.RunningError](err)
		if !ok {
			return err
		}
		err = e.attach(running)
		switch {
		case errors.Is(err, errEnding):
			limit = time.Now().Add(handshakePatience)
		case !errors.Is(err, control.ErrNotRunning):
			return err
		case time.Now().After(limit):
			return run.Unresponsive(running.Checkout)
		}
		select {
		case <-time.After(handshakePause):
		case a := <-e.guard.Arrivals():
			return signalError{a.Signal, nil}
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

func (e *oneOff) host(h *hosted) {
	e.target, e.follower = &hostedTarget{h, e.Dir}, h.follower
	var err error
	if e.effective, err = h.Start(); err != nil {
		e.end(err)
	}
}

func (t *hostedTarget) execution(argv []string) (run.Execution, error) {
	return t.Execution("", t.dir, argv)
}

func (t *hostedTarget) stopTarget(kill bool) {
	t.Stop()
	if kill {
		t.Kill()
	}
}

func (t *hostedTarget) mine(all []control.Service) []control.Service { return all }
func (t *hostedTarget) stopped() <-chan error                        { return t.Ended() }
func (t *hostedTarget) stopRequests() <-chan bool                    { return t.StopRequests() }
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

func (e *oneOff) attach(running *run.RunningError) error {
	ctx := context.Background()
	client, err := run.DialCheckout(ctx, running.Checkout)
	if err != nil {
		return err
	}
	t := &attachedTarget{globals: e.globals, client: client, ended: make(chan error, 1)}
	e.target = t
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	for _, name := range running.Wanted {
		if _, known := view.ServiceNamed(now, name); !known {
			return usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		}
	}
	answer, err := client.Ask(ctx, control.Request{Verb: supervisor.VerbStart, Services: running.Wanted, Missing: true})
	switch {
	case errors.Is(err, control.ErrEnded):
		_ = client.Events(ctx, now.Seq, func(control.Event) error { return nil }) // Its end is what is waited for.
		return errEnding
	case err != nil:
		return asUsage(err)
	}
	t.started = answer.Changed
	e.openScreen(running.Wanted)
	e.follower = newFollower(client, control.NewMirror(now), running.Wanted, view.NewReporter(e.screen, running.Wanted))
	e.effective = answer.Effective
	return nil
}

// execution knows the ports that the running project has now.
func (t *attachedTarget) execution(argv []string) (run.Execution, error) {
	p, err := t.Open()
	if err != nil {
		return run.Execution{}, err
	}
	return p.Execution("", t.Dir, argv)
}

// stopTarget stops what was started, unless something else needs it by now. The second
// call does not wait for that.
func (t *attachedTarget) stopTarget(bool) {
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
		err = t.stopServices(ctx, control.NewMirror(now), mine)
	}
	if run.IsGone(err) {
		return nil // It went with the whole project.
	}
	return err
}

// stopServices asks for the stop of services and waits for it, or until somebody else
// has started them again.
func (t *attachedTarget) stopServices(ctx context.Context, m *control.Mirror, names []string) error {
	answer, err := t.client.Ask(ctx, control.Request{Verb: supervisor.VerbStop, Services: names, NoDeps: true})
	if err != nil {
		return err
	}
	stopping := func(name string) bool {
		st, known := m.Service(name)
		return known && !st.Wanted && !view.IsSettled(st)
	}
	gone := errors.New("they are gone")
	look := func(control.Change) error {
		if m.Seq() >= answer.Effective && !slices.ContainsFunc(names, stopping) {
			return gone
		}
		return nil
	}
	if err = look(control.Change{}); err == nil {
		err = m.Follow(ctx, t.client, look)
	}
	if errors.Is(err, gone) {
		return nil
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

func (t *attachedTarget) stopped() <-chan error     { return t.ended }
func (t *attachedTarget) stopRequests() <-chan bool { return nil }
func (t *attachedTarget) resize()                   {}
func (t *attachedTarget) close() error              { return nil }
