package supervisor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
)

// stableAfter is how long a service is ready before its restarts are forgotten;
// remindEvery is the time between remarks on what a slow starter lacks.
const (
	stableAfter = time.Minute
	remindEvery = 10 * time.Second
)

// listenBefore sets up what has to hear the process from its first moment: the
// tap of a log probe and the socket of a notify probe. It returns the variables
// that the process needs for it.
func (s *Supervisor) listenBefore(a *attempt) ([]string, error) {
	if a.svc.Ready.Kind == ProbeLog {
		re, err := regexp.Compile(a.svc.Ready.Target)
		if err != nil {
			return nil, fmt.Errorf("cannot watch its log: %w", err)
		}
		feed, matched := probe.Log(re)
		a.heard = matched
		a.release = append(a.release, a.unit.stream.OnLine(feed))
	}
	if a.svc.Ready.Kind != ProbeNotify && a.svc.Health.Kind != ProbeNotify {
		return nil, nil
	}
	dir, err := s.platform.runtimeDir()
	if err != nil {
		return nil, fmt.Errorf("cannot make a place for its notify socket: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s.%d.notify", a.unit.Name, a.unit.starts))
	n, err := probe.ListenNotify(path, func(pid int) bool {
		line := lineageOf(pid) // At once: it may be about to end.
		<-a.born
		return a.newborn != nil && a.newborn.Includes(line)
	})
	if err != nil {
		return nil, err
	}
	a.notify = n
	a.release = append(a.release, n.Close)
	if a.svc.Ready.Kind == ProbeNotify {
		a.heard = n.Ready()
	}
	return append(a.svc.Health.watchdog(), "NOTIFY_SOCKET="+path), nil
}

// awaitReady begins everything that can find the attempt ready, at once.
func (s *Supervisor) awaitReady(a *attempt) {
	s.remind(a, remindEvery)
	if t := a.svc.Ready.Timeout; t > 0 {
		s.expect(a, t)
	}
	s.follow(a)
	s.explain(a)
	switch {
	case a.svc.Task:
	case a.heard != nil:
		ctx := a.context()
		s.spawn(func() {
			select {
			case <-a.heard:
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

// expect ends an attempt that is not ready within t. It has that time anew when it
// was held up, since what it writes was not taken.
func (s *Supervisor) expect(a *attempt, t time.Duration) {
	since := time.Now()
	s.after(a, t, func() {
		switch {
		case a.wasReady:
		case a.unit.stream.HeldUp(since):
			s.expect(a, t)
		default:
			a.timedOut = true
			s.blame(a, fmt.Sprintf("not %s within %s: %s", a.svc.goal(), a.svc.Ready.Timeout, s.lacks(a)))
		}
	})
}

// context ends with the attempt.
func (a *attempt) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	a.release = append(a.release, cancel)
	return ctx
}

// goal is the state that a service or a task is on its way to.
func (s *Service) goal() State {
	if s.Task {
		return StateCompleted
	}
	return StateReady
}

// gate is the port on which the service's own tree has to listen before anything
// else can make it ready; 0 is none. The sockets of Listen are open before it
// starts, and nobody else can have its ports.
func (s *Service) gate() int {
	if s.Listen {
		return 0
	}
	switch s.Ready.Kind {
	case ProbeDefault:
		return s.Port
	case ProbeHTTP, ProbeTCP, ProbeGRPC:
		if s.Ready.Own {
			return portOf(s.Ready.Target, s.Port)
		}
	}
	return 0
}

// portOf is the port in a URL or host:port, else otherwise.
func portOf(target string, otherwise int) int {
	host := target
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		host = u.Host
	}
	if _, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.Atoi(port); err == nil {
			return n
		}
	}
	return otherwise
}

// probe asks until the answer is good or the attempt ends.
func (s *Supervisor) probe(a *attempt) {
	check := s.check(a, a.svc.Ready)
	pace := probe.Pace{Max: a.svc.Ready.Interval}
	ctx := a.context()
	s.spawn(func() {
		err := probe.Until(ctx, check, pace, func(err error) {
			s.postTo(a, func() {
				a.probeErr = err
				s.explain(a)
			})
		})
		if err == nil {
			s.postTo(a, func() { s.ready(a) })
		}
	})
}

// check makes one try out of a probe's description.
func (s *Supervisor) check(a *attempt, p Probe) probe.Check {
	switch p.Kind {
	case ProbeHTTP:
		return probe.HTTP(p.Target, p.Status)
	case ProbeTCP:
		return probe.TCP(p.Target)
	case ProbeGRPC:
		return probe.GRPC(p.Target, p.Service)
	}
	cmd := command{Argv: p.Exec, Dir: a.svc.Dir, Env: a.environ()}
	return probe.Exec(func(ctx context.Context) (int, []byte, error) {
		exit, out, err := s.platform.Run(ctx, cmd)
		return exit.Code, out, err
	})
}

func (s *Supervisor) ready(a *attempt) {
	if a.wasReady {
		return
	}
	u := a.unit
	a.wasReady, a.probeErr = true, nil
	if a.patient != nil {
		a.patient()
	}
	s.amend(u, func(st *Status) { st.ReadyAt = time.Now() })
	s.set(u, StateReady, "")
	s.settled(a)
	s.later(a, stableAfter, func() { u.failures = 0 })
	s.watchHealth(a)
}

// blame ends an attempt that lhrun finds wanting.
func (s *Supervisor) blame(a *attempt, why string) {
	a.blame = why
	s.tell(a.unit, Event{Kind: EventExit, Text: why, Lines: a.unit.stream.Tail(5)})
	s.end(a)
}

// remind says every so often what a slow starter lacks. It is never killed for it.
func (s *Supervisor) remind(a *attempt, since time.Duration) {
	a.patient = s.later(a, remindEvery, func() {
		if a.wasReady {
			return
		}
		s.notice(a.unit, "not %s after %s: %s%s", a.svc.goal(), since, s.lacks(a), s.advice(a, since))
		s.remind(a, since+remindEvery)
	})
}

// advice is, in the first reminder only, what to do about a service that listens nowhere.
func (s *Supervisor) advice(a *attempt, since time.Duration) string {
	if since > remindEvery || a.svc.gate() == 0 || a.listening || a.usurper != "" || a.elsewhere != "" {
		return ""
	}
	return "; it finds the port in $PORT, and is to have port = false if it serves nothing"
}

// explain keeps the reason of a starting service up to date.
func (s *Supervisor) explain(a *attempt) {
	if a.unit.status.State == StateStarting && !a.svc.Task {
		if why := s.lacks(a); why != a.unit.status.Reason {
			s.amend(a.unit, func(st *Status) { st.Reason = why })
			s.tell(a.unit, Event{Kind: EventState})
		}
	}
}

// lacks says in a few words why the attempt is not ready.
func (s *Supervisor) lacks(a *attempt) string {
	gate := a.svc.gate()
	switch {
	case a.svc.Task:
		return "it is still running"
	case gate != 0 && !a.listening && a.usurper != "":
		return fmt.Sprintf("its port %d is held by %s", gate, a.usurper)
	case gate != 0 && !a.listening && a.elsewhere != "":
		return fmt.Sprintf("it listens on %s instead of its port %d", a.elsewhere, gate)
	case gate != 0 && !a.listening:
		return fmt.Sprintf("nothing listens on its port %d yet", gate)
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
