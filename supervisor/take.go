package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Taking asks for a service to be run by hand: by a process that this supervisor has not
// started.
type Taking struct {
	Service string
	// PID is the process that is going to be the service. When it ends, the supervised
	// one comes back.
	PID int
	// Outside, instead of PID, takes whoever of this user listens on the service's port,
	// until somebody starts, stops or restarts the service.
	Outside bool
	// Leave leaves the service stopped once the process has ended.
	Leave bool
	// By is whoever asks; the zero By is Options.By.
	By By
}

// Taken is what the process is to execute, and how. It is zero with Outside.
type Taken struct {
	Command []string
	Dir     string
	Env     []string
}

// hold is a Taking that holds. It belongs to the loop.
type hold struct {
	Taking
	process Process
	// wanted says that somebody wanted the service up before.
	wanted bool
	// answer gets the outcome of Take, once.
	answer chan takenOrNot
}

type takenOrNot struct {
	Taken
	err error
}

func (h *hold) settle(t Taken, err error) {
	select {
	case h.answer <- takenOrNot{t, err}:
	default:
	}
}

// Take stops the supervised process of a service, none of its dependents, and returns when
// the process of t may take its place. What the service needs is not waited for.
func (s *Supervisor) Take(ctx context.Context, t Taking) (Taken, error) {
	h := &hold{Taking: t, answer: make(chan takenOrNot, 1)}
	if !t.Outside {
		p, alive := identify(t.PID)
		if !alive {
			return Taken{}, fmt.Errorf("there is no process %d", t.PID)
		}
		h.process = p
	}
	s.post(func() {
		if err := s.take(h); err != nil {
			h.settle(Taken{}, err)
		}
	})
	select {
	case a := <-h.answer:
		return a.Taken, a.err
	case <-ctx.Done(): // The end of the process ends the hold.
		return Taken{}, ctx.Err()
	case <-s.done:
		return Taken{}, ErrEnded
	}
}

func (s *Supervisor) take(h *hold) error {
	units, err := s.named([]string{h.Service})
	if err != nil {
		return err
	}
	u := units[0]
	switch {
	case s.closing:
		return ErrEnding
	case u.Task:
		return fmt.Errorf("%s is a task: \"lhrun exec %s -- CMD\" runs a command in its environment", u.Name, u.Name)
	case u.External:
		return fmt.Errorf("%s is external: lhrun runs nothing for it", u.Name)
	case u.Listen:
		return fmt.Errorf("%s is handed its sockets by lhrun (listen = \"fd\"), which no other process can have", u.Name)
	case h.Outside && u.Port == 0:
		return fmt.Errorf("%s has no port by which to know who it is", u.Name)
	case u.hold != nil && !u.hold.Outside && u.hold.process.Alive():
		return fmt.Errorf("%s is run by hand already, by pid %d", u.Name, u.hold.PID)
	}
	u.by = s.caller(h.By)
	s.asked(u.by, "take", u.Name)
	h.wanted = u.wanted()
	if u.hold != nil {
		h.wanted = u.hold.wanted
	}
	u.release()
	u.hold, u.unawaited = h, u.needs()
	s.restartUnit(u)
	return nil
}

// release ends the hold on u, whose next attempt is lhrun's own.
func (u *unit) release() {
	if u.hold != nil {
		u.hold.settle(Taken{}, fmt.Errorf("somebody else started or stopped %s meanwhile", u.Name))
		u.unawaited = nil
	}
	u.hold = nil
}

// byHand returns s as it is while a process that is not lhrun's runs it. Its output, which
// goes to a terminal, can't tell that it is ready.
func (h *hold) byHand(s Service) Service {
	s.Ready.Timeout = 0
	if s.Ready.Kind == ProbeLog {
		s.Ready = Probe{Interval: s.Ready.Interval}
	}
	if s.Health.Kind == ProbeLog {
		s.Health = Health{}
	}
	s.Health.NoRestart = true
	if h.Outside {
		s.External = true
		if s.Ready.Kind == ProbeNotify {
			s.Ready = Probe{Interval: s.Ready.Interval}
		}
		if s.Health.Kind == ProbeNotify {
			s.Health = Health{}
		}
		s = s.asExternal().withDefaults()
	}
	return s
}

// startByHand makes the process of the hold the instance, and tells it what to execute.
func (s *Supervisor) startByHand(a *attempt, cmd command) (instance, error) {
	i, err := newHandInstance(a.hold.process)
	if err != nil {
		return nil, err
	}
	a.hold.settle(Taken{Command: execInShell(cmd.Argv), Dir: cmd.Dir, Env: slices.Clone(cmd.Env)}, nil)
	return i, nil
}

// handEnded follows the end of the process that ran the service by hand.
func (s *Supervisor) handEnded(a *attempt) {
	u := a.unit
	if u.hold == a.hold {
		u.by = itself
		s.handOver(u)
	}
	s.end(a)
}

// handOver ends the hold and has the supervised one come back where it shall.
func (s *Supervisor) handOver(u *unit) {
	back := u.hold.wanted && !u.hold.Leave
	u.release()
	u.returns = true // Its dependents shall not notice.
	u.desired = desiredDown
	if back {
		u.desired = desiredRestart
	}
	s.moved = true
}

// notTaken follows a start by hand that came to nothing.
func (s *Supervisor) notTaken(a *attempt) {
	err := a.startErr
	if errors.Is(err, context.Canceled) {
		err = errors.New("it was stopped meanwhile")
	}
	a.hold.settle(Taken{}, err)
	if u := a.unit; u.hold == a.hold {
		u.by = itself
		s.handOver(u)
	}
}
