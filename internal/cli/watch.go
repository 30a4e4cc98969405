package cli

import (
	"context"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// watch looks at a running project, this process's own or another's: its board is
// what is known now, its view tells people.
type watch struct {
	running control.Project
	board   *board
	view    *view
	started time.Time
	// bound closes when not all was settled in time; nil never does.
	bound <-chan struct{}
	// changed is: something was asked to start, so it took a time.
	changed bool
	// settled is: nothing of what is wanted is on its way any more.
	settled bool
}

// news is a stream of events. err may be read once events is closed.
type news struct {
	events <-chan control.Event
	err    error
}

// follow asks for the events after number since, until ctx ends or the project
// does.
func (w *watch) follow(ctx context.Context, since uint64) *news {
	events := make(chan control.Event)
	n := &news{events: events}
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

// take takes one piece of news and reports whether it is one, and not what was
// known already.
func (w *watch) take(e control.Event, ending bool) bool {
	switch {
	case e.Kind == control.KindMissed:
		if s, err := w.running.Snapshot(context.Background(), false); err == nil {
			w.board.refresh(s)
		}
		return true
	case e.Service == nil:
		return false
	case e.Kind == control.KindRemoved:
		w.board.remove(e.Service.Name)
		w.view.say("%s is removed", e.Service.Name)
		return true
	}
	before, fresh := w.board.update(e.Seq, *e.Service)
	if fresh {
		w.view.event(e, before, ending)
	}
	return fresh
}

// settle prints the table once nothing of the goal is on its way any more.
func (w *watch) settle() {
	if !w.settled && w.board.reached() {
		w.settled = true
		took := ""
		if w.changed {
			took = " in " + short(time.Since(w.started))
		}
		w.view.summary(w.board, took)
	}
}
