package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// mayStart returns once a may start, with a slot of s.spawning taken: nobody has its
// ports, and cmd and env are complete. A port in TIME_WAIT is free before long, so that
// is waited for. Another error says why a cannot start.
func (s *Supervisor) mayStart(ctx context.Context, a *attempt, cmd *command, env *[]string) error {
	for {
		if err := s.spawning.Acquire(ctx, 1); err != nil {
			return err
		}
		err := s.occupy(a, cmd, env)
		if err == nil {
			return nil
		}
		s.spawning.Release(1)
		var busy *ports.BusyError
		if !errors.As(err, &busy) || busy.Holder.TimeWait == 0 {
			return err
		}
		s.post(func() { s.lingers(a, busy) })
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(busy.Holder.TimeWait, time.Second)):
		}
	}
}

// lingers says how long a port keeps a from starting, in its reason and, the first
// time, in a line.
func (s *Supervisor) lingers(a *attempt, busy *ports.BusyError) {
	if !a.current() || a.unit.status.State != StateStarting {
		return
	}
	if !a.lingers {
		a.lingers = true
		s.notice(a.unit, NoticeSlow, "cannot start yet: %v", busy)
	}
	s.amend(a.unit, func(st *Status) { st.Reason = busy.Error() })
}

// occupy makes sure that nobody has the service's ports. For a service with Listen it
// opens them itself and has cmd inherit the sockets.
func (s *Supervisor) occupy(a *attempt, cmd *command, env *[]string) error {
	if a.svc.External {
		return nil
	}
	if a.svc.Listen && a.sockets != nil {
		*env = append(*env, a.sockets.hand(cmd)...)
		return nil
	}
	if claim := s.opts.Claim; claim != nil {
		if err := claim(a.svc.Name); err != nil {
			return err
		}
	}
	for _, port := range a.svc.ports() {
		if err := s.platform.free(port); err != nil {
			return err
		}
	}
	if !a.svc.Listen {
		return nil
	}
	k, err := listenFor(a.svc)
	if err != nil {
		return err
	}
	a.sockets = k
	return s.occupy(a, cmd, env)
}
