package supervisor

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
)

// After stableAfter of being ready a service's restarts no longer count. A slow start
// is remarked on every remindEvery.
const (
	stableAfter = time.Minute
	remindEvery = 10 * time.Second
)

// listenBefore sets up what must be there before the instance is: the tap of a log
// probe and the socket of a notify probe. It returns the variables for the instance.
func (s *Supervisor) listenBefore(a *attempt) ([]string, error) {
	if a.svc.Ready.Kind == ProbeLog {
		re, err := regexp.Compile(a.svc.Ready.Target)
		if err != nil {
			return nil, fmt.Errorf("cannot watch its log: %w", err)
		}
		feed, matched := probe.Log(re)
		a.passed = matched
		a.cleanup = append(a.cleanup, a.unit.stream.OnLine(feed))
	}
	if a.svc.Ready.Kind != ProbeNotify && a.svc.Health.Kind != ProbeNotify {
		return nil, nil
	}
	path, err := s.platform.notifyPath()
	if err != nil {
		return nil, fmt.Errorf("cannot make a place for its notify socket: %w", err)
	}
	n, err := probe.ListenNotify(path, func(pid int) bool {
		line := lineageOf(pid) // At once: it may be about to end.
		<-a.started
		return a.newInstance != nil && a.newInstance.Includes(line)
	})
	if err != nil {
		return nil, err
	}
	a.notify = n
	a.cleanup = append(a.cleanup, n.Close)
	if a.svc.Ready.Kind == ProbeNotify {
		a.passed = n.Ready()
	}
	return append(a.svc.Health.watchdog(), notifySocket+"="+path), nil
}

// awaitReady starts everything that can find the attempt ready.
func (s *Supervisor) awaitReady(a *attempt) {
	s.remind(a, remindEvery)
	if t := a.svc.Ready.Timeout; t > 0 {
		s.expect(a, t)
	}
	if a.svc.External {
		if s.opts.Listens != nil { // Nobody's process is watched.
			s.opts.Listens(a.svc.Name, a.svc.ports())
		}
		s.explain(a)
		s.probe(a)
		return
	}
	s.follow(a)
	s.explain(a)
	switch {
	case a.svc.Task:
	case a.passed != nil:
		ctx := a.context()
		s.spawn(func() {
			select {
			case <-a.passed:
				s.postTo(a, func() { s.ready(a) })
			case <-ctx.Done():
			}
		})
	case a.svc.gate() != 0: // opened goes on from here.
	case a.svc.Ready.Kind == ProbeDefault || a.svc.Ready.Kind == ProbeNone:
		s.ready(a)
	default:
		s.probe(a)
	}
}

// expect ends an attempt that is not ready within t. The time starts anew if the
// service was blocked on its output, which the supervisor did not read.
func (s *Supervisor) expect(a *attempt, t time.Duration) {
	since := time.Now()
	s.after(a, t, func() {
		switch {
		case a.wasReady:
		case a.unit.stream.HeldUp(since):
			s.expect(a, t)
		default:
			a.timedOut = true
			s.blame(a, fmt.Sprintf("not %s within %s: %s", a.svc.goal(), a.svc.Ready.Timeout, s.unready(a)))
		}
	})
}

// context returns one that ends with the attempt.
func (a *attempt) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	a.cleanup = append(a.cleanup, cancel)
	return ctx
}

// goal is the state that a start leads to.
func (s *Service) goal() State {
	if s.Task {
		return StateCompleted
	}
	return StateReady
}

// gate is the port on which the service's instance has to listen before a probe can
// make it ready; 0 is none. With Listen there is no gate: the sockets are open before
// the start, so nobody else can have the port.
func (s *Service) gate() int {
	if s.Listen || s.External {
		return 0
	}
	switch s.Ready.Kind {
	case ProbeDefault:
		return s.Port
	case ProbeHTTP, ProbeTCP, ProbeGRPC:
		if _, port := addressOf(s.Ready.Target); s.Ready.Own && port != 0 {
			return port
		} else if s.Ready.Own {
			return s.Port
		}
	}
	return 0
}

// probe checks until one check passes or the attempt ends.
func (s *Supervisor) probe(a *attempt) {
	check := s.check(a, a.svc.Ready)
	pace := probe.Pace{Max: a.svc.Ready.Interval, Try: a.svc.Ready.Try}
	ctx, stop := context.WithCancel(a.context())
	a.stopProbe, a.probeFailures = stop, 0
	s.spawn(func() {
		err := probe.Until(ctx, check, pace, func(err error, pause time.Duration) {
			next := time.Now().Add(pause)
			s.postTo(a, func() {
				if ctx.Err() == nil {
					a.probeErr, a.probeNext = err, next
					a.probeFailures++
					s.explain(a)
				}
			})
		})
		if err == nil {
			s.postTo(a, func() {
				if ctx.Err() == nil {
					s.ready(a)
				}
			})
		}
	})
}

// check returns what makes one try of p.
func (s *Supervisor) check(a *attempt, p Probe) probe.Check {
	if a.svc.External {
		return s.checkOutside(a, p)
	}
	return s.try(a, p)
}

func (s *Supervisor) try(a *attempt, p Probe) probe.Check {
	switch p.Kind {
	case ProbeHTTP:
		return probe.HTTP(p.Target, p.Status, p.Roots)
	case ProbeTCP:
		return probe.TCP(p.Target)
	case ProbeGRPC:
		return probe.GRPC(p.Target, p.Service, p.Roots)
	}
	cmd := command{Argv: p.Exec, Dir: a.svc.Dir, Env: a.environ()}
	masker := s.mask
	return probe.Exec(func(ctx context.Context) (int, []byte, error) {
		exit, out, err := s.platform.Run(ctx, cmd)
		return exit.Code, []byte(masker.Text(string(out))), err
	})
}

func (s *Supervisor) ready(a *attempt) {
	if a.wasReady {
		return
	}
	u := a.unit
	a.wasReady, a.probeErr, a.stopProbe = true, nil, nil
	if a.stopReminders != nil {
		a.stopReminders()
	}
	s.amend(u, func(st *Status) { st.ReadyAt = time.Now() })
	s.assess(a)
	s.settled(a)
	s.later(a, stableAfter, func() { u.failures = 0 })
	s.watchHealth(a)
}

// blame ends an attempt because of why.
func (s *Supervisor) blame(a *attempt, why string) {
	a.blame, a.unit.by = why, itself
	e := Event{Kind: EventExit, Text: why}
	e.Lines, e.Behind = a.unit.stream.Tail(5)
	s.tell(a.unit, e)
	s.end(a)
}

// remind tells again and again why a slow start is not ready. That alone ends nothing.
func (s *Supervisor) remind(a *attempt, since time.Duration) {
	a.stopReminders = s.later(a, remindEvery, func() {
		if a.wasReady {
			return
		}
		advice := ""
		if since == remindEvery {
			advice = a.advice()
		}
		s.notice(a.unit, NoticeSlow, "not %s after %s: %s%s", a.svc.goal(), since, s.unready(a), advice)
		s.remind(a, since+remindEvery)
	})
}

// explain updates the reason of a service that is starting.
func (s *Supervisor) explain(a *attempt) {
	if a.unit.status.State == StateStarting && !a.svc.Task {
		why := s.unready(a)
		s.amend(a.unit, func(st *Status) { st.Reason = why })
	}
}

// unready says in a few words why the attempt is not ready.
func (s *Supervisor) unready(a *attempt) string {
	gate := a.svc.gate()
	switch {
	case a.svc.Task:
		return "it is still running"
	case gate != 0 && !a.isReached():
		return a.unreached(gate)
	case a.probeErr != nil:
		return a.probeErr.Error()
	case a.svc.Ready.Kind == ProbeLog:
		return fmt.Sprintf("no line matches %q yet", a.svc.Ready.Target)
	case a.svc.Ready.Kind == ProbeNotify:
		if status := a.notify.Status(); status != "" {
			return "it has not sent READY=1 yet: " + status
		}
		if pid := a.notify.Refused(); pid != 0 {
			return fmt.Sprintf("READY=1 came from pid %d, which is not known to be one of its processes", pid)
		}
		return "it has not sent READY=1 to $NOTIFY_SOCKET yet"
	}
	return "its probe has not answered yet"
}
