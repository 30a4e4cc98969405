package supervisor

import (
	"fmt"
	"syscall"

	"github.com/lhrun/lhrun/internal/proc"
)

const defaultStopSignal = syscall.SIGTERM

// Start asks for services, or for all when no name is given. It does not ask for
// what they depend on. The error names an unknown service.
func (s *Supervisor) Start(names ...string) error {
	return s.ask(names, func(u *unit) {
		u.wish = wishUp
		if u.attempt == nil {
			s.begin(u)
		}
	})
}

// Stop asks services to end, dependents that were asked as well first.
func (s *Supervisor) Stop(names ...string) error {
	return s.ask(names, s.letDown)
}

// Restart ends services and starts them again when nothing of the old process
// tree is left.
func (s *Supervisor) Restart(names ...string) error {
	return s.ask(names, func(u *unit) {
		u.wish = wishAgain
		if u.attempt == nil {
			u.wish = wishUp
			s.begin(u)
		}
	})
}

// Kill ends everything at once with SIGKILL. Run then returns soon.
func (s *Supervisor) Kill() {
	s.once.Do(func() { close(s.kill) })
	s.post(func() {
		s.killed = true
		s.shutdown()
	})
}

// Resize tells every pseudo-terminal its new size.
func (s *Supervisor) Resize(size Size) {
	s.size.Store(&size)
	s.post(func() {
		for _, u := range s.units {
			if u.TTY && u.running() {
				u.attempt.proc.Resize(proc.Size(size))
			}
		}
	})
}

func (s *Supervisor) ttySize() proc.Size { return proc.Size(*s.size.Load()) }

func (s *Supervisor) ask(names []string, do func(*unit)) error {
	for _, name := range names {
		if s.byName[name] == nil {
			return fmt.Errorf("there is no service %q", name)
		}
	}
	s.post(func() {
		if s.closing {
			return
		}
		for _, u := range s.named(names) {
			do(u)
		}
		s.moved = true
	})
	return nil
}

func (s *Supervisor) named(names []string) []*unit {
	if len(names) == 0 {
		return s.units
	}
	var out []*unit
	for _, name := range names {
		out = append(out, s.byName[name])
	}
	return out
}

func (s *Supervisor) begin(u *unit) {
	if u.retry != nil {
		u.retry.Stop()
	}
	u.failures = 0
	s.set(u, StateWaiting, "")
}

func (s *Supervisor) letDown(u *unit) {
	u.wish = wishDown
	s.moved = true
	if u.attempt != nil {
		return
	}
	if u.retry != nil {
		u.retry.Stop()
	}
	if !u.status.State.Settled() {
		s.set(u, StateStopped, "")
	}
}

func (s *Supervisor) shutdown() {
	s.closing = true
	for _, u := range s.units {
		s.letDown(u)
	}
}
