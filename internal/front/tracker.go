package front

import (
	"context"
	"sync/atomic"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/hostname"
)

// tracker follows a run: it owns the Mirror, and publishes what that shows.
type tracker struct {
	ctx     context.Context
	project control.Project
	mirror  *control.Mirror
	latest  atomic.Pointer[moment]
}

// moment is what is known of the run at one time. It does not change; over closes when
// there is a newer one.
type moment struct {
	snap   control.Snapshot
	routes hostname.Routes
	over   chan struct{}
}

func follow(ctx context.Context, project control.Project) (*tracker, error) {
	snap, err := project.Snapshot(ctx, false)
	if err != nil {
		return nil, err
	}
	t := &tracker{ctx: ctx, project: project, mirror: control.NewMirror(snap)}
	t.publish()
	return t, nil
}

func (t *tracker) now() *moment { return t.latest.Load() }

func (t *tracker) publish() {
	m := &moment{snap: t.mirror.Snapshot(), over: make(chan struct{})}
	for _, s := range m.snap.Services {
		for _, name := range s.Names {
			m.routes.Add(name, s.Name)
		}
	}
	if before := t.latest.Swap(m); before != nil {
		close(before.over)
	}
}

// run returns when the run has ended.
func (t *tracker) run() error {
	return t.mirror.Follow(t.ctx, t.project, func(control.Change) error {
		t.publish()
		return nil
	})
}

// front is the run's front; the zero value where it has just been closed.
func (m *moment) front() control.Front {
	if m.snap.Front == nil {
		return control.Front{}
	}
	return *m.snap.Front
}
