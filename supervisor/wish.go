package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

const defaultStopSignal = syscall.SIGTERM

// bring reports whether u was not on its way already.
func (s *Supervisor) bring(u *unit) bool {
	if u.wanted() && u.attempt != nil {
		return false
	}
	changed := !u.wanted() || u.status.State != StateWaiting
	s.up(u)
	return changed
}

// need reports whether u was not up or on its way already.
func (s *Supervisor) need(u *unit) bool {
	st := u.status.State
	down := !u.wanted() || st == StateFailed || st == StateStopped
	if !down || st == StateCompleted {
		return false
	}
	s.up(u)
	return true
}

// up wants u up. One that is just being ended starts again when it is gone.
func (s *Supervisor) up(u *unit) {
	u.wish = wishUp
	if u.attempt == nil {
		s.begin(u)
	} else if u.attempt.ending {
		u.wish = wishAgain
	}
}

func (s *Supervisor) again(u *unit) {
	u.wish = wishAgain
	s.moved = true
	if u.attempt == nil {
		u.wish = wishUp
		s.begin(u)
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

// Resize tells every pseudo-terminal its new size.
func (s *Supervisor) Resize(size Size) {
	s.size.Store(&size)
	s.post(func() {
		for _, u := range s.units {
			if u.TTY && u.running() {
				u.attempt.instance.Resize(size)
			}
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

// begin has u start as soon as its dependencies allow, and with it whatever only
// failed because u had.
func (s *Supervisor) begin(u *unit) {
	if u.retry != nil {
		u.retry.Stop()
	}
	u.failures = 0
	s.moved = true
	s.set(u, StateWaiting, "")
	for _, d := range u.dependents {
		if d.status.FailedBy == u.Name && d.wish == wishUp && d.status.State == StateFailed {
			s.begin(d)
		}
	}
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
	u.dropSockets()
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
