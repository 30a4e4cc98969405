package supervisor

import (
	"context"
	"fmt"
	"time"
)

// watchHealth asks a ready service again and again, apart from readiness.
func (s *Supervisor) watchHealth(a *attempt) {
	h := a.unit.Health
	check := s.check(a, h.Probe)
	ctx := a.context()
	s.spawn(func() {
		tick := time.NewTicker(h.Interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			try, cancel := context.WithTimeout(ctx, h.Timeout)
			err := check(try)
			cancel()
			if ctx.Err() == nil {
				s.postTo(a, func() { s.examined(a, err) })
			}
		}
	})
}

// examined takes one answer. Retries bad ones in a row make the service unhealthy,
// and end it unless that is not wanted; one good one makes it ready again.
func (s *Supervisor) examined(a *attempt, err error) {
	u := a.unit
	if err == nil {
		a.unwell = 0
		if u.status.State == StateUnhealthy {
			s.set(u, StateReady, "")
		}
		return
	}
	if a.unwell++; a.unwell < u.Health.Retries {
		return
	}
	why := fmt.Sprintf("unhealthy: %v (%s in a row)", err, count(a.unwell, "failure", "failures"))
	if a.unwell == u.Health.Retries {
		s.set(u, StateUnhealthy, why)
		if !u.Health.NoRestart {
			s.blame(a, why)
		}
	}
}
