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

// suspendedAfter is how late a check may be. A later one means that this program or the
// machine was suspended, and its failure says nothing about the service.
const suspendedAfter = 2 * time.Second

// watchHealth checks a ready service again and again, in place of earlier checks. A
// failure does not count if the service may have been blocked on its output, which the
// supervisor did not read.
func (s *Supervisor) watchHealth(a *attempt) {
	if a.stopHealth != nil {
		a.stopHealth()
	}
	a.healthFailures = 0
	if !a.health.Enabled {
		return
	}
	h := a.health
	check, err := s.liveness(a, h)
	if err != nil {
		s.notice(a.unit, NoticeTrouble, "cannot watch its health: %v", err)
		return
	}
	ctx, cancel := context.WithCancel(a.context())
	a.stopHealth, a.healthNext = cancel, time.Now().Add(h.Interval)
	stream := a.unit.stream
	s.spawn(func() {
		tick := time.NewTicker(h.Interval)
		defer tick.Stop()
		for last := time.Now(); ; last = time.Now() {
			var next time.Time
			select {
			case <-ctx.Done():
				return
			case at := <-tick.C:
				next = at.Add(h.Interval)
			}
			try, cancel := context.WithTimeout(ctx, h.Timeout)
			err := check(try)
			cancel()
			if err != nil && (time.Since(last) > h.Interval+h.Timeout+suspendedAfter || stream.HeldUp(last)) {
				continue
			}
			s.postTo(a, func() {
				if ctx.Err() == nil {
					a.healthNext = next
					s.checked(a, err)
				}
			})
		}
	})
}

// liveness returns what makes one try of a health probe. For log and notify a try
// passes if the service has given a sign of life since the one before.
func (s *Supervisor) liveness(a *attempt, h Health) (probe.Check, error) {
	switch h.Kind {
	case ProbeLog:
		re, err := regexp.Compile(h.Target)
		if err != nil {
			return nil, err
		}
		var seen atomic.Bool
		a.cleanup = append(a.cleanup, a.unit.stream.OnLine(probe.Lines(re, func() { seen.Store(true) })))
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
	return []string{watchdogTime + "=" + strconv.FormatInt(h.Interval.Microseconds(), 10)}
}

// checked takes the outcome of one check. Retries failures in a row make the service
// unhealthy, and restart it where its policy allows; one success makes it ready again.
func (s *Supervisor) checked(a *attempt, err error) {
	a.healthErr = err
	if err == nil {
		a.healthFailures = 0
		s.assess(a)
		return
	}
	if a.healthFailures++; a.healthFailures < a.health.Retries {
		return
	}
	s.assess(a)
	if a.healthFailures == a.health.Retries && !a.health.NoRestart && a.unit.Restart.Policy != RestartNo {
		s.blame(a, "unhealthy: "+a.unhealthy())
	}
}

// assess makes a service that has been ready unhealthy, or ready again.
func (s *Supervisor) assess(a *attempt) {
	u := a.unit
	why := a.ailment()
	switch state := u.status.State; {
	case why != "" && state == StateUnhealthy:
		s.amend(u, func(st *Status) { st.Reason = why })
	case why != "":
		s.set(u, StateUnhealthy, why)
	case state != StateReady:
		s.set(u, StateReady, a.manner())
	}
}

// ailment says what is wrong with a service that has been ready; "" is nothing.
func (a *attempt) ailment() string {
	switch {
	case a.listens.lost:
		return a.unreached(a.svc.servingPort())
	case a.health.Enabled && a.healthFailures >= a.health.Retries:
		return a.unhealthy()
	}
	return ""
}

func (a *attempt) unhealthy() string {
	return fmt.Sprintf("%v (%s in a row)", a.healthErr, count(a.healthFailures, "failure", "failures"))
}
