package run

import (
	"context"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// serve lets other processes of the user see and steer this run.
func (s *Session) serve() error {
	paths, err := control.ServedPaths(s.Checkout.Project, s.Checkout.Instance)
	if err != nil {
		return err
	}
	_ = os.Remove(s.instance.lastPath()) // It is not the last one any more.
	s.local = control.NewLocal(control.LocalOptions{
		Supervisor: s.sup,
		About: control.Snapshot{
			Project: s.Checkout.Project, Instance: s.Checkout.Instance, Dir: s.Checkout.Dir,
			PID: os.Getpid(), Run: s.sup.RunID(), Version: s.options.Version,
		},
		LogDir: s.instance.LogDir(),
		Down:   s.requestStop,
		Plan:   s.reload.Plan,
		Reload: s.reload.Reload,
		Relay:  s.relay.pid,
		Edges:  s.edges.told,
	})
	s.holds = newHolds(s.sup, s.local.Ask)
	if s.options.OneOff {
		s.firstHold = s.holds.begin(s.wanted)
	}
	s.begun = make(chan struct{})
	s.server, err = control.Listen(paths[0], &served{s.local, s.holds, s.reload, s.front, s.edges, s.begun}, paths[1:]...)
	return err
}

// healEvery is how often a run looks after the places by which others find it.
const healEvery = 2 * time.Second

// keepPlaces makes anew what somebody has removed of them: the runtime directory at a
// logout, or the state directory. It returns when the session is closed.
func (s *Session) keepPlaces() {
	for {
		select {
		case <-time.After(healEvery):
			s.server.Heal()
			s.edges.lookPast()
			if s.recorder.heal() {
				s.reload.heal()
			}
		case <-s.closing:
			return
		}
	}
}

// served is the run as other processes see it: not before its services were asked
// to start, as until then it looks as if nobody wanted any.
type served struct {
	*control.Local
	holds  *holds
	reload *reloader
	front  *front
	edges  *edges
	begun  <-chan struct{}
}

func (s *served) Snapshot(ctx context.Context, usage bool) (control.Snapshot, error) {
	if err := s.awaitBegun(ctx); err != nil {
		return control.Snapshot{}, err
	}
	snap, err := s.Local.Snapshot(ctx, usage)
	snap.OneOff, snap.Changed, snap.Front = s.holds.isOneOff(), s.reload.stale(), s.front.told()
	snap.Inspected = s.edges.told()
	return snap, err
}

func (s *served) awaitBegun(ctx context.Context) error {
	select {
	case <-s.begun:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// requestStop never waits: of many requests one is enough.
func (s *Session) requestStop(kill bool) {
	select {
	case s.stops <- kill:
	default:
	}
}
