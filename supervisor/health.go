package supervisor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
)

// overslept is by how much a try may be late before lhrun, or the machine, must have
// been stopped meanwhile: its failure says nothing about the service then.
const overslept = 2 * time.Second

// watchHealth asks a ready service again and again, apart from readiness. What
// was asked before is not asked any more. A failure while lhrun was not able to take
// what the service writes says nothing about it either: it may have waited for that.
func (s *Supervisor) watchHealth(a *attempt) {
	if a.unwatch != nil {
		a.unwatch()
	}
	a.unwell = 0
	if !a.health.Enabled {
		return
	}
	h := a.health
	check, err := s.liveness(a, h)
	if err != nil {
		s.notice(a.unit, "cannot watch its health: %v", err)
		return
	}
	ctx, cancel := context.WithCancel(a.context())
	a.unwatch = cancel
	stream := a.unit.stream
	s.spawn(func() {
		tick := time.NewTicker(h.Interval)
		defer tick.Stop()
		for last := time.Now(); ; last = time.Now() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			try, cancel := context.WithTimeout(ctx, h.Timeout)
			err := check(try)
			cancel()
			if err != nil && (time.Since(last) > h.Interval+h.Timeout+overslept || stream.HeldUp(last)) {
				continue
			}
			s.postTo(a, func() {
				if ctx.Err() == nil {
					s.examined(a, err)
				}
			})
		}
	})
}

// liveness makes one try out of a health probe. For log and notify that is a look
// at whether the service has shown itself since the last one.
func (s *Supervisor) liveness(a *attempt, h Health) (probe.Check, error) {
	switch h.Kind {
	case ProbeLog:
		re, err := regexp.Compile(h.Target)
		if err != nil {
			return nil, err
		}
		var seen atomic.Bool
		a.release = append(a.release, a.unit.stream.OnLine(probe.Lines(re, func() { seen.Store(true) })))
		return heartbeat(func() bool { return seen.Swap(false) },
			fmt.Sprintf("no line matched %q in %s", h.Target, h.Interval)), nil
	case ProbeNotify:
		if a.notify == nil {
			return nil, errors.New("it has no $NOTIFY_SOCKET before its next start")
		}
		last := a.notify.Beats()
		return heartbeat(func() bool {
			before := last
			last = a.notify.Beats()
			return last != before
		}, fmt.Sprintf("it has not sent WATCHDOG=1 to $NOTIFY_SOCKET in %s", h.Interval)), nil
	}
	return s.check(a, h.Probe), nil
}

func heartbeat(seen func() bool, otherwise string) probe.Check {
	return func(context.Context) error {
		if seen() {
			return nil
		}
		return errors.New(otherwise)
	}
}

// watchdog tells a service how often it has to send WATCHDOG=1, as systemd does.
func (h Health) watchdog() []string {
	if h.Kind != ProbeNotify {
		return nil
	}
	return []string{"WATCHDOG_USEC=" + strconv.FormatInt(h.Interval.Microseconds(), 10)}
}

// examined takes one answer. Retries bad ones in a row make the service unhealthy,
// and end it unless nothing would follow; one good one makes it ready again.
func (s *Supervisor) examined(a *attempt, err error) {
	u := a.unit
	if err == nil {
		a.unwell = 0
		s.recovered(u)
		return
	}
	if a.unwell++; a.unwell < a.health.Retries {
		return
	}
	why := fmt.Sprintf("unhealthy: %v (%s in a row)", err, count(a.unwell, "failure", "failures"))
	if u.status.State == StateUnhealthy {
		s.amend(u, func(st *Status) { st.Reason = why })
		return
	}
	s.set(u, StateUnhealthy, why)
	if !a.health.NoRestart && u.Restart.Policy != RestartNo {
		s.blame(a, why)
	}
}

func (s *Supervisor) recovered(u *unit) {
	if u.status.State == StateUnhealthy {
		s.set(u, StateReady, "")
	}
}
