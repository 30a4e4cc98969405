package supervisor

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/mask"
)

// ProbeStatus is how far the probe of a service has come that it waits for or, once it was
// ready, its health probe.
type ProbeStatus struct {
	// Kind is "port" for ProbeDefault.
	Kind ProbeKind
	// Target is what is asked, for people.
	Target string
	// Failures counts the tries in a row that have failed. Error is the last one's, without
	// secrets; "" where there is none.
	Failures int
	Error    string
	// Next is when the next try begins, zero where that is not known.
	Next time.Time
}

// Probes returns the probes that go on just now, by service.
func (s *Supervisor) Probes() map[string]ProbeStatus {
	return ofEach(s, func(u *unit) (ProbeStatus, bool) {
		if u.attempt == nil || u.attempt.ending {
			return ProbeStatus{}, false
		}
		p, ok := u.attempt.probeStatus()
		p.Target, p.Error = s.mask.Text(p.Target), s.mask.Text(p.Error)
		return p, ok
	})
}

func (a *attempt) probeStatus() (ProbeStatus, bool) {
	p, st := a.svc.Ready, ProbeStatus{Failures: a.probeFailures, Next: a.probeNext}
	err := a.probeErr
	if a.wasReady {
		p, err = a.health.Probe, a.healthErr
		st.Failures, st.Next = a.healthFailures, a.healthNext
	}
	switch {
	case a.svc.Task, p.Kind == ProbeNone, a.wasReady && !a.health.Enabled:
		return st, false
	case p.Kind == ProbeDefault && a.svc.Port == 0:
		return st, false
	}
	if err != nil {
		st.Error = err.Error()
	}
	st.Kind, st.Target = cmp.Or(p.Kind, "port"), a.svc.probeTarget(p)
	return st, true
}

// probeTarget says what p asks.
func (s *Service) probeTarget(p Probe) string {
	switch p.Kind {
	case ProbeDefault:
		return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	case ProbeExec:
		return strings.Join(p.Exec, " ")
	case ProbeLog:
		return fmt.Sprintf("%q", p.Target)
	case ProbeNotify:
		return "$NOTIFY_SOCKET"
	case ProbeGRPC:
		return strings.TrimSpace(p.Target + " " + p.Service)
	}
	return mask.URLs(p.Target)
}
