package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

const defaultStopSignal = syscall.SIGTERM

// startUnit reports whether u was not on its way already.
func (s *Supervisor) startUnit(u *unit) bool {
	if u.hold != nil && u.hold.Outside {
		u.hold.wanted = true
		s.handOver(u)
		return true
	}
	if u.wanted() && u.attempt != nil {
		return false
	}
	changed := !u.wanted() || u.status.State != StateWaiting
	s.raise(u)
	return changed
}

// ensureUp reports whether u was not up or on its way already.
func (s *Supervisor) ensureUp(u *unit) bool {
	st := u.status.State
	down := !u.wanted() || st == StateFailed || st == StateStopped
	if !down || st == StateCompleted {
		return false
	}
	s.raise(u)
	return true
}

// raise makes u desired up. One that is being ended starts again when it is gone.
func (s *Supervisor) raise(u *unit) {
	u.desired = desiredUp
	if u.attempt == nil {
		s.enqueue(u)
	} else if u.attempt.ending {
		u.desired = desiredRestart
	}
}

func (s *Supervisor) restartUnit(u *unit) {
	u.desired = desiredRestart
	s.moved = true
	if u.attempt == nil {
		u.desired = desiredUp
		s.enqueue(u)
	}
}

func (s *Supervisor) signal(u *unit, sig syscall.Signal) {
	if err := u.attempt.instance.Signal(sig); err != nil {
		s.notice(u, NoticeTrouble, "cannot be sent a signal: %v", err)
	}
}

// Kill ends everything at once with SIGKILL. Run then returns soon.
func (s *Supervisor) Kill() {
	s.once.Do(func() { close(s.kill) })
	s.post(func() {
		s.killed = true
		s.shutdown()
	})
}

// Resize tells every pseudo-terminal to which nobody is attached its new size.
func (s *Supervisor) Resize(size Size) {
	s.size.Store(&size)
	s.post(func() {
		for _, u := range s.units {
			u.terminal.setUsual(size)
		}
	})
}

func (s *Supervisor) ttySize() Size { return *s.size.Load() }

// ask has the loop do something to services, all when none is named, and waits
// until it has.
func (s *Supervisor) ask(names []string, do func(*unit)) error {
	answer := make(chan error, 1)
	s.post(func() {
		units, err := s.named(names)
		if err == nil && !s.closing {
			for _, u := range units {
				do(u)
			}
			s.moved = true
		}
		answer <- err
	})
	select {
	case err := <-answer:
		return err
	case <-s.done:
		return ErrEnded
	}
}

// ErrEnded is returned by what is asked of a Supervisor whose Run has returned.
var ErrEnded = errors.New("the supervisor has ended")

func (s *Supervisor) named(names []string) ([]*unit, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(s.units), func(u *unit) bool { return u.removed }), nil
	}
	var out []*unit
	for _, name := range names {
		u := s.byName[name]
		if u == nil || u.removed {
			return nil, fmt.Errorf("there is no service %q", name)
		}
		out = append(out, u)
	}
	return out, nil
}

// enqueue has u start as soon as its dependencies allow, and with it whatever only
// failed because u had.
func (s *Supervisor) enqueue(u *unit) {
	if u.retry != nil {
		u.retry.Stop()
	}
	u.failures = 0
	s.moved = true
	s.set(u, StateWaiting, "")
	for _, d := range u.dependents {
		if d.status.FailedBy == u.Name && d.desired == desiredUp && d.status.State == StateFailed {
			d.by = u.by
			s.enqueue(d)
		}
	}
}

func (s *Supervisor) stopUnit(u *unit) {
	u.release()
	u.desired = desiredDown
	s.moved = true
	if u.attempt != nil {
		return
	}
	if u.retry != nil {
		u.retry.Stop()
	}
	u.dropSockets()
	if !u.status.State.Settled() {
		s.set(u, StateStopped, "")
	}
}

func (s *Supervisor) shutdown() {
	if !s.closing && s.endBy == (By{}) {
		s.endBy = s.caller(By{})
		s.asked(s.endBy, "down")
	}
	s.closing = true
	for _, u := range s.units {
		if !u.status.State.Settled() {
			u.by = s.endBy
		}
		s.stopUnit(u)
	}
}
