package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
	"github.com/lhrun/lhrun/ports"
)

// An external service that nobody finds twice in a row, externalInterval apart, is
// unhealthy.
const (
	externalInterval = time.Second
	externalRetries  = 2
)

// asExternal has s checked for as long as somebody wants it up. Nothing restarts it.
func (s Service) asExternal() Service {
	if !s.Health.Enabled {
		s.Health = Health{Enabled: true, Probe: s.Ready, Retries: externalRetries}
		s.Health.Interval, s.Health.Timeout = externalInterval, 0
	}
	s.Health.NoRestart = true
	return s
}

// checkOutside returns what makes one try of p at a service that lhrun has not started:
// somebody of this user has to listen on its port, if the port is its own.
func (s *Supervisor) checkOutside(a *attempt, p Probe) probe.Check {
	port := 0
	switch {
	case p.Kind == ProbeDefault, p.Kind == ProbeNone:
		port = a.svc.Port
	case p.Own:
		_, port = addressOf(p.Target)
		port = cmp.Or(port, a.svc.Port)
	}
	return func(ctx context.Context) error {
		if port != 0 {
			err := s.platform.mine(port)
			if errors.Is(err, ports.ErrNobody) {
				return fmt.Errorf("nobody listens on its port %d", port)
			}
			if err != nil {
				return fmt.Errorf("nobody of this user listens on its port %d: %w", port, err)
			}
		}
		if p.Kind == ProbeDefault || p.Kind == ProbeNone {
			return nil
		}
		return s.try(a, p)(ctx)
	}
}

// manner says how a runs where lhrun has not started it as usual.
func (a *attempt) manner() string {
	switch {
	case a.hold != nil && a.hold.Outside:
		return "by hand, outside of lhrun"
	case a.hold != nil:
		return fmt.Sprintf("by hand, pid %d", a.hold.PID)
	case a.svc.External:
		return "external"
	}
	return ""
}

// outside is an instance without a process of lhrun's.
type outside struct {
	output *os.File
	once   sync.Once
	done   chan struct{}
}

func newOutside() (*outside, error) {
	out, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	return &outside{output: out, done: make(chan struct{})}, nil
}

func (o *outside) Done() <-chan struct{}       { return o.done }
func (o *outside) Exit() exitStatus            { return exitStatus{} }
func (o *outside) Signal(syscall.Signal) error { return nil }
func (o *outside) Output() *os.File            { return o.output }
func (o *outside) Resize(Size)                 {}
func (o *outside) Target() ports.Target {
	return ports.Target{Owns: func(ports.Listener) bool { return false }}
}
func (o *outside) Includes(lineage) bool   { return false }
func (o *outside) Suspended() int          { return 0 }
func (o *outside) Usage() (Usage, bool)    { return Usage{}, false }
func (o *outside) Handle() Handle          { return Handle{} }
func (o *outside) Parts([]string) []Handle { return nil }

// End leaves whoever is outside alone.
func (o *outside) End(Stop, <-chan struct{}) ([]string, error) {
	o.close()
	return nil, nil
}

func (o *outside) close() { o.once.Do(func() { close(o.done) }) }
