package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/lhrun/lhrun/internal/control"
)

// errEnough ends a stream of events from inside.
var errEnough = errors.New("enough")

// follow calls each with the project as it is, and again after every event, until
// each says that it has seen enough, which is no error, or ctx ends, whose error it
// returns. Nothing is asked for twice while nothing happens. control.ErrEnded is
// the end of the project; each has seen everything stopped before.
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
			if e.Kind == control.KindMissed {
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

// apply puts the news of e into snap and reports whether there are any. The list
// of services is a new one, as readers may hold the old one.
func apply(snap *control.Snapshot, e control.Event) bool {
	if e.Service == nil {
		return false
	}
	i := slices.IndexFunc(snap.Services, func(s control.Service) bool { return s.Name == e.Service.Name })
	snap.Services = slices.Clone(snap.Services)
	switch {
	case e.Kind == control.KindRemoved && i >= 0:
		snap.Services = slices.Delete(snap.Services, i, i+1)
	case e.Kind == control.KindRemoved:
		return false
	case i < 0:
		snap.Services = append(snap.Services, *e.Service)
	default:
		snap.Services[i] = *e.Service
	}
	return true
}
