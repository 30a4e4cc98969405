package run

import (
	"context"
	"time"
)

const (
	// StuckAfter is how long a loop that also writes may take to notice something,
	// before it counts as held up by a stalled reader.
	StuckAfter = 500 * time.Millisecond
	// LeaveAfter is how long the last words of a run may take once nothing runs any
	// more.
	LeaveAfter = 2 * time.Second
)

// StopRequests are the requests of other processes to stop everything; true kills.
func (s *Session) StopRequests() <-chan bool { return s.stops }

// RelayStops passes the stop requests on to a loop that also writes. A blocked
// output never delays shutdown: the end begins without the loop, and this process
// exits soon after nothing runs any more. The store has what nobody has seen. The
// relay ends with ctx.
func (s *Session) RelayStops(ctx context.Context) <-chan bool {
	to := make(chan bool)
	go func() {
		select {
		case kill := <-s.stops:
			s.passStop(to, kill)
		case <-ctx.Done():
			return
		}
		gone := s.sup.Done()
		var leave <-chan time.Time
		for {
			select {
			case kill := <-s.stops:
				s.passStop(to, kill)
			case <-gone:
				gone, leave = nil, time.After(LeaveAfter)
			case <-leave:
				s.keepRest()
				s.chronicle.end(true)
				_ = s.instance.release() // Nothing is left to find.
				s.exit(0)
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

// passStop tells the loop, or stops without it.
func (s *Session) passStop(to chan<- bool, kill bool) {
	select {
	case to <- kill:
	case <-time.After(StuckAfter):
		s.stop()
		if kill {
			s.sup.Kill()
		}
	}
}
