package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// holding is what a one-off run has of the run that it uses, which another process hosts:
// a hold on services, of which those in brought were not up before.
type holding struct {
	handshake
	client  *control.Client
	brought []string
	// run is Snapshot.Run of one that was there; "" of one that this lhrun has begun.
	run string
	// lent says that the run was to end with those who use it, when this one began to.
	lent bool

	leaving sync.Once
	// left says that the hold is released, ends that the run ends with that; runEnded closes
	// when it has.
	left, ends atomic.Bool
	runEnded   chan struct{}
	// kills has leave wait for nobody.
	kills chan struct{}
	gone  chan error
}

func newHolding(m handshake, client *control.Client) *holding {
	return &holding{handshake: m, client: client, runEnded: make(chan struct{}), kills: make(chan struct{}, 1), gone: make(chan error, 1)}
}

// hold keeps services of the run until this process ends, or asks for its release.
func hold(ctx context.Context, client *control.Client, services []string, alone bool) (control.Answer, error) {
	held, ended := make(chan control.Answer, 1), make(chan error, 1)
	go func() {
		ended <- client.Hold(ctx, services, alone, func(a control.Answer) error { held <- a; return nil })
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

// leave ends the hold, and with it what nobody else uses; gone tells when that has ended. It
// may be called again.
func (h *holding) leave() {
	h.leaving.Do(func() { go func() { h.gone <- h.release(context.Background()) }() })
}

// stays reports whether the run goes on without this hold, as far as that is known.
func (h *holding) stays() bool { return h.left.Load() && !h.ends.Load() }

// kill has leave wait for nobody: the run, if it ends with this hold, is killed.
func (h *holding) kill() {
	select {
	case h.kills <- struct{}{}:
	default:
	}
}

func (h *holding) release(ctx context.Context) error {
	now, err := h.client.Snapshot(ctx, false)
	if err != nil {
		return h.awaitHost(ctx, err)
	}
	answer, err := h.client.Ask(ctx, control.Request{Verb: control.VerbRelease, Hold: h.Hold})
	if err != nil || answer.Ends {
		h.ends.Store(true)
		return h.awaitHost(ctx, err)
	}
	h.left.Store(true)
	stopped := make(chan error, 1)
	go func() { stopped <- h.awaitStopped(ctx, answer, control.NewMirror(now)) }()
	select {
	case err = <-stopped:
	case <-h.kills: // The run ends what it stops.
	}
	if run.IsGone(err) {
		return h.awaitHost(ctx, err)
	}
	return err
}

// awaitStopped waits until what was stopped has ended, or somebody has started it again.
func (h *holding) awaitStopped(ctx context.Context, answer control.Answer, m *control.Mirror) error {
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
	err := look(control.Change{})
	if err == nil {
		err = m.Follow(ctx, h.client, look)
	}
	if errors.Is(err, gone) {
		return nil
	}
	return err
}

// awaitHost waits until the run has ended, and its host has let go of the checkout. err
// may say that it has.
func (h *holding) awaitHost(ctx context.Context, err error) error {
	if err != nil && !run.IsGone(err) {
		return err
	}
	released := make(chan struct{})
	go func() {
		defer close(released)
		<-h.runEnded
		if h.host != nil {
			_, _ = h.host.Wait()
			return
		}
		run.AwaitRelease(h.Checkout, h.run, releasePatience)
	}()
	for killed := false; ; {
		select {
		case <-released:
			return nil
		case <-h.kills:
			if killed {
				return nil
			}
			killed = true
			if _, err := h.client.Ask(ctx, control.Request{Verb: control.VerbDown, Kill: true}); err != nil && !run.IsGone(err) {
				return err
			}
		}
	}
}

// close lets the host know, if it is this process's, that nobody is left here.
func (h *holding) close() {
	if h.seen != nil {
		h.farewell()
		h.seen()
	}
}

// mine returns those of services that leave has stopped.
func (h *holding) mine(services []control.Service) []control.Service {
	return view.Filter(services, func(st control.Service) bool { return !st.Wanted && slices.Contains(h.brought, st.Name) })
}

// execution returns argv in the environment of the project, with the ports that it has now.
func (g *globals) execution(argv []string) (run.Execution, error) {
	p, err := g.Open()
	if err != nil {
		return run.Execution{}, err
	}
	return p.Execution("", g.Dir, argv)
}

// hostArgs are the arguments of the lhrun that hosts what a one-off run uses.
func (e *oneOff) hostArgs() []string {
	args := []string{os.Args[0]}
	if e.File != "" {
		args = append(args, "--file", e.File)
	}
	if e.Dir != "" {
		args = append(args, "--directory", e.Dir)
	}
	for _, name := range e.Profiles {
		args = append(args, "--profile", name)
	}
	return append(append(args, "up", "--detach", "--"), e.with...)
}
