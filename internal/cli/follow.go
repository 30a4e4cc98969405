package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// watch looks at a running project, this process's own or another's. Its replica
// is what is known now, its view tells people.
type watch struct {
	running control.Project
	replica *replica
	view    *view.Reporter
	started time.Time
	// bound closes when not all was settled in time; nil never does.
	bound <-chan struct{}
	// changed says that something was asked to start, so it took a time.
	changed bool
	// settled says that no wanted service is on its way any more.
	settled bool
}

// stream is the events of a project. err may be read once events is closed.
type stream struct {
	events <-chan control.Event
	err    error
}

// follow asks for the events after number since, until ctx ends or the project
// does.
func (w *watch) follow(ctx context.Context, since uint64) *stream {
	events := make(chan control.Event)
	n := &stream{events: events}
	go func() {
		defer close(events)
		n.err = w.running.Events(ctx, since, func(e control.Event) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return n
}

// take takes an event and reports whether it tells anything new.
func (w *watch) take(e control.Event, ending bool) bool {
	switch {
	case e.Kind == control.EventMissed:
		if s, err := w.running.Snapshot(context.Background(), false); err == nil {
			w.replica.refresh(s)
		}
		return true
	case e.Service == nil:
		return false
	case e.Kind == supervisor.EventRemoved:
		w.replica.remove(e.Service.Name)
		w.view.Say("%s is removed", e.Service.Name)
		return true
	}
	before, fresh := w.replica.update(e.Seq, *e.Service)
	if fresh {
		w.view.Event(e, before, ending)
	}
	return fresh
}

// settle prints the table once no wanted service is on its way any more.
func (w *watch) settle() {
	if !w.settled && w.replica.reached() {
		w.settled = true
		var took time.Duration
		if w.changed {
			took = time.Since(w.started)
		}
		w.view.Summary(w.replica.targets(), took)
	}
}

// errEnough ends a stream of events from inside.
var errEnough = errors.New("enough")

// follow calls each with the project as it is, and again after every event, until
// each returns true, which is no error, or ctx ends, whose error it returns. It
// asks for nothing while nothing happens. It returns control.ErrEnded at the end of
// the project; each has seen everything stopped before.
func follow(ctx context.Context, p control.Project, each func(control.Snapshot) (enough bool)) error {
	for {
		snap, err := p.Snapshot(ctx, false)
		if err != nil {
			return endOf(ctx, err)
		}
		if each(snap) {
			return nil
		}
		err = p.Events(ctx, snap.Seq, func(e control.Event) error {
			if e.Kind == control.EventMissed {
				return errMissed
			}
			snap.Seq = e.Seq
			if apply(&snap, e) && each(snap) {
				return errEnough
			}
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
			return nil
		case errors.Is(err, errMissed):
		case err == nil:
			return ctx.Err()
		default:
			return endOf(ctx, err)
		}
	}
}

// errMissed asks for a new snapshot.
var errMissed = errors.New("events were missed")

// endOf is the end of ctx where that is why err came.
func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// apply puts what e tells into snap and reports whether anything changed. The list
// of services is a new one, as readers may hold the old one.
func apply(snap *control.Snapshot, e control.Event) bool {
	if e.Service == nil {
		return false
	}
	i := slices.IndexFunc(snap.Services, func(s control.Service) bool { return s.Name == e.Service.Name })
	snap.Services = slices.Clone(snap.Services)
	switch {
	case e.Kind == supervisor.EventRemoved && i >= 0:
		snap.Services = slices.Delete(snap.Services, i, i+1)
	case e.Kind == supervisor.EventRemoved:
		return false
	case i < 0:
		snap.Services = append(snap.Services, *e.Service)
	default:
		snap.Services[i] = *e.Service
	}
	return true
}
