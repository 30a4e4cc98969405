package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// enter makes the target of a one-off run: it hosts the project, or attaches to the
// run that there is.
func (e *oneOff) enter() error {
	for limit := time.Now().Add(handshakePatience); ; {
		h, err := e.openHosted(run.Options{Names: e.with, OneOff: true}, e.guard, func(s *run.Session) (view.Screen, error) { return e.openScreen(s.Wanted()), nil })
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

func (t *hostedTarget) leaveTarget() {
	if t.StopUnused() {
		t.reporter.Say("another lhrun uses what was started; waiting for it, Ctrl-C stops it now")
	}
}

func (t *hostedTarget) hurry() { t.Stop() }

func (t *hostedTarget) stopTarget(kill bool) {
	t.Stop()
	if kill {
		t.Kill()
	}
}

func (t *hostedTarget) mine(all []control.Service) []control.Service {
	if !t.Stopping() {
		return nil
	}
	return all
}

func (t *hostedTarget) stopped() <-chan error     { return t.Ended() }
func (t *hostedTarget) stopRequests() <-chan bool { return t.StopRequests() }
func (t *hostedTarget) resize()                   { t.Resize() }
func (t *hostedTarget) close() error              { return t.Close() }

// attachedTarget is a project of another process. started are the services that were
// not up before.
type attachedTarget struct {
	*globals
	client  *control.Client
	started []string
	hold    uint64
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
	answer, err := hold(ctx, client, running.Wanted)
	switch {
	case errors.Is(err, control.ErrEnded):
		_ = client.Events(ctx, now.Seq, func(control.Event) error { return nil }) // Its end is what is waited for.
		return errEnding
	case err != nil:
		return asUsage(err)
	}
	t.started, t.hold = answer.Changed, answer.Hold
	e.openScreen(running.Wanted)
	e.follower = newFollower(client, control.NewMirror(now), running.Wanted, view.NewReporter(e.screen, running.Wanted))
	e.effective = answer.Effective
	return nil
}

// hold keeps services of the run until this process ends, or asks for its release.
func hold(ctx context.Context, client *control.Client, services []string) (control.Answer, error) {
	held, ended := make(chan control.Answer, 1), make(chan error, 1)
	go func() {
		ended <- client.Hold(ctx, services, func(a control.Answer) error { held <- a; return nil })
	}()
	select {
	case a := <-held:
		return a, nil
	case err := <-ended:
		if err == nil {
			err = control.ErrEnded
		}
		return control.Answer{}, err
	}
}

// execution knows the ports that the running project has now.
func (t *attachedTarget) execution(argv []string) (run.Execution, error) {
	p, err := t.Open()
	if err != nil {
		return run.Execution{}, err
	}
	return p.Execution("", t.Dir, argv)
}

// stopTarget stops what was started, unless somebody else needs it by now. The second
// call does not wait for that.
func (t *attachedTarget) stopTarget(bool) {
	if t.ending {
		t.finish(nil)
		return
	}
	t.ending = true
	go func() { t.finish(t.stopStarted(context.Background())) }()
}

func (t *attachedTarget) leaveTarget() { t.stopTarget(false) }
func (t *attachedTarget) hurry()       {}

// finish tells of the end, the first one.
func (t *attachedTarget) finish(err error) {
	select {
	case t.ended <- err:
	default:
	}
}

func (t *attachedTarget) stopStarted(ctx context.Context) error {
	now, err := t.client.Snapshot(ctx, false)
	if err == nil {
		err = t.release(ctx, control.NewMirror(now))
	}
	if run.IsGone(err) {
		return nil // It went with the whole project.
	}
	return err
}

// release leaves the run, and waits for the end of what is stopped for that, or until
// somebody else has started it again.
func (t *attachedTarget) release(ctx context.Context, m *control.Mirror) error {
	answer, err := t.client.Ask(ctx, control.Request{Verb: control.VerbRelease, Hold: t.hold})
	if err != nil {
		return err
	}
	stopping := func(name string) bool {
		st, known := m.Service(name)
		return known && !st.Wanted && !view.IsSettled(st)
	}
	gone := errors.New("they are gone")
	look := func(control.Change) error {
		if m.Seq() >= answer.Effective && !slices.ContainsFunc(answer.Services, stopping) {
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

func (t *attachedTarget) mine(all []control.Service) []control.Service {
	return view.Filter(all, func(st control.Service) bool { return !st.Wanted && slices.Contains(t.started, st.Name) })
}

func (t *attachedTarget) stopped() <-chan error     { return t.ended }
func (t *attachedTarget) stopRequests() <-chan bool { return nil }
func (t *attachedTarget) resize()                   {}
func (t *attachedTarget) close() error              { return nil }
