package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// enter makes the errand's stage: it runs the project, or joins the run that there
// is. The news begin with those of what it has started.
func (e *errand) enter() (*news, error) {
	for limit := time.Now().Add(meetPatience); ; {
		ses, err := e.openSession(upOptions{names: e.with, openScreen: e.openScreen}, e.guard)
		if err == nil {
			return e.host(ses)
		}
		running, ok := errors.AsType[errRunning](err)
		if !ok {
			return nil, err
		}
		news, err := e.join(running)
		switch {
		case errors.Is(err, errEnding):
			limit = time.Now().Add(meetPatience)
		case !errors.Is(err, control.ErrNotRunning):
			return news, err
		case time.Now().After(limit):
			return nil, mute(running.checkout)
		}
		select {
		case <-time.After(meetPause):
		case <-e.guard.Arrivals():
			return nil, exitError{exitInterrupted, nil}
		}
	}
}

// ownStage is a project that this process runs.
type ownStage struct {
	*session
	// dir is where commands run; "" is here.
	dir   string
	stop  func()
	ended chan error
}

func (e *errand) host(ses *session) (*news, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &ownStage{ses, e.dir, stop, make(chan error, 1)}
	e.stage, e.watch = s, ses.watch
	e.started, e.bound, e.view.terse = time.Now(), boundOf(e.timeout), true
	e.board.expect(0, ses.wanted...)
	news := e.follow(context.Background(), 0)
	go func() { s.ended <- ses.sup.Run(ctx) }()
	if err := ses.begin(); err != nil {
		e.finish(err)
	}
	return news, nil
}

func (s *ownStage) execution(argv []string) (execution, error) {
	return s.project.execution("", s.dir, argv)
}

func (s *ownStage) end(kill bool) {
	s.stop()
	if kill {
		s.sup.Kill()
	}
}

func (s *ownStage) mine(all []control.Service) []control.Service { return all }
func (s *ownStage) over() <-chan error                           { return s.ended }
func (s *ownStage) downs() <-chan bool                           { return s.session.downs }
func (s *ownStage) resize()                                      { s.sup.Resize(terminalSize(s.screen.File())) }
func (s *ownStage) close() error                                 { return s.session.close() }

// joinedStage is a project of another process. started are the services that were
// not up before.
type joinedStage struct {
	*globals
	client  *control.Client
	started []string
	ending  bool
	ended   chan error
}

func (e *errand) join(running errRunning) (*news, error) {
	ctx := context.Background()
	client, err := dialCheckout(ctx, running.checkout)
	if err != nil {
		return nil, err
	}
	s := &joinedStage{globals: e.globals, client: client, ended: make(chan error, 1)}
	e.openScreen(running.wanted)
	e.stage, e.watch = s, &watch{running: client, board: newBoard(running.wanted), view: newView(e.screen, running.wanted, e.masker()), started: time.Now()}
	e.view.terse, e.bound = true, boundOf(e.timeout)
	return s.begin(ctx, e.watch)
}

// begin asks for what is missing. It returns errEnding after the end of a run that
// was on its way down.
func (s *joinedStage) begin(ctx context.Context, w *watch) (*news, error) {
	now, err := s.client.Snapshot(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, name := range w.board.wanted {
		if _, known := serviceNamed(now, name); !known {
			return nil, usageError("service %q is not in the run that is up; %q brings it in", name, "lhrun reload")
		}
	}
	w.board.refresh(now)
	answer, err := s.client.Ask(ctx, control.Request{Verb: control.VerbStart, Services: w.board.wanted, Missing: true})
	switch {
	case errors.Is(err, control.ErrEnded):
		_ = s.client.Events(ctx, now.Seq, func(control.Event) error { return nil }) // Its end is what is waited for.
		return nil, errEnding
	case err != nil:
		return nil, asUsage(err)
	}
	s.started = answer.Changed
	w.board.expect(answer.Seq, answer.Changed...)
	return w.follow(ctx, now.Seq), nil
}

// execution knows the ports that the running project has now.
func (s *joinedStage) execution(argv []string) (execution, error) {
	p, err := s.open()
	if err != nil {
		return execution{}, err
	}
	return p.execution("", s.dir, argv)
}

// end stops what was started, unless something else needs it by now. The second
// call does not wait for that.
func (s *joinedStage) end(bool) {
	if s.ending {
		s.finish(nil)
		return
	}
	s.ending = true
	go func() { s.finish(s.stopStarted(context.Background())) }()
}

// finish tells of the end, the first one.
func (s *joinedStage) finish(err error) {
	select {
	case s.ended <- err:
	default:
	}
}

func (s *joinedStage) stopStarted(ctx context.Context) error {
	now, err := s.client.Snapshot(ctx, false)
	mine := unneeded(now, s.started)
	if err == nil && len(mine) > 0 {
		if _, err = s.client.Ask(ctx, control.Request{Verb: control.VerbStop, Services: mine, NoDeps: true}); err == nil {
			err = follow(ctx, s.client, func(now control.Snapshot) bool {
				return !slices.ContainsFunc(now.Services, func(st control.Service) bool {
					return slices.Contains(mine, st.Name) && !isSettled(st)
				})
			})
		}
	}
	if isGone(err) {
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
			if isSettled(st) || slices.Contains(mine, st.Name) {
				continue
			}
			before := len(mine)
			mine = slices.DeleteFunc(mine, func(name string) bool { return slices.Contains(st.DependsOn, name) })
			again = again || len(mine) < before
		}
	}
	return mine
}

func (s *joinedStage) mine(all []control.Service) []control.Service {
	return those(all, func(st control.Service) bool { return slices.Contains(s.started, st.Name) })
}

func (s *joinedStage) over() <-chan error { return s.ended }
func (s *joinedStage) downs() <-chan bool { return nil }
func (s *joinedStage) resize()            {}
func (s *joinedStage) close() error       { return nil }
