//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// killPatience is how long a process may survive SIGKILL before killUntilGone gives
	// up: it hangs in the kernel.
	killPatience = 5 * time.Second
	// foreignPatience is that for a process of another user, which only ends by itself.
	foreignPatience = time.Second
)

// Signal sends sig to every process of the tree: to the leader's group at once, to
// those outside of it one by one. It returns os.ErrProcessDone after End, and the
// kernel's error when the group could not be signalled.
func (p *Process) Signal(sig syscall.Signal) error {
	_, err := p.send(Ending{}, sig)
	return err
}

// send sends one signal after the other to the same processes and returns them. It
// holds the lock from the look to the last signal: where a crowd ends at once, the
// first would be gone while the last are still looked at.
func (p *Process) send(how Ending, signals ...syscall.Signal) ([]stat, error) {
	asked, exited := time.Now(), p.exited()
	t := p.table
	t.mu.Lock()
	defer t.mu.Unlock()
	// The look comes first, so that what a signal orphans is known.
	all := t.membersLocked(p, now, asked, exited)
	members, kept := p.divide(all, how.Keep)
	// A group with a kept process in it cannot be signalled as one.
	together := !slices.ContainsFunc(kept, func(s stat) bool { return s.pgrp == p.id.PID })
	if how.Leader && !exited {
		together = false
		members = slices.DeleteFunc(members, func(s stat) bool { return s.ID != p.id })
	}
	var first error
	for _, sig := range signals {
		if together {
			if err := t.signalGroup(p, sig); err != nil && first == nil {
				first = err
			}
		}
		for _, s := range members {
			if !together || s.pgrp != p.id.PID {
				signalExact(s.ID, sig)
			}
		}
	}
	if t.leaders[p.id.PID] != p {
		first = os.ErrProcessDone
	}
	return members, first
}

// signalGroup signals the leader's group. Callers hold mu, which keeps the group's
// number taken.
func (t *Table) signalGroup(p *Process, sig syscall.Signal) error {
	if t.leaders[p.id.PID] != p {
		return os.ErrProcessDone
	}
	err := syscall.Kill(-p.id.PID, sig)
	if errors.Is(err, syscall.ESRCH) { // everybody has left the group
		return nil
	}
	return err
}

// End signals the whole tree and returns when all of it is gone. It kills what is left
// after timeout, or when kill closes; a timeout of 0 kills at once. It continues stopped
// processes, so that they can react.
//
// The error names what even SIGKILL did not end within seconds, or what this user may not
// signal. The Table goes on knowing such a process, and End may be called again. Several
// calls at once are fine.
func (p *Process) End(sig syscall.Signal, timeout time.Duration, kill <-chan struct{}) error {
	_, err := p.EndWith(Ending{Signal: sig, Timeout: timeout, Kill: kill})
	return err
}

// EndWith is End in the way of how. It also names the programs in sessions of their own
// that it has ended.
func (p *Process) EndWith(how Ending) (apart []string, err error) {
	p.ending.Store(true)
	gone := false
	if how.Timeout > 0 && how.Signal != syscall.SIGKILL {
		apart, gone = p.ask(how)
	}
	if !gone {
		if err := p.kill(how); err != nil {
			return apart, err
		}
	}
	p.keep(how.Keep)
	p.table.release(p)
	return apart, nil
}

// ask sends the signal and reports whether all of the tree ended by it.
func (p *Process) ask(how Ending) (apart []string, gone bool) {
	apart = p.apart(how.Keep)
	told := map[ID]stat{}
	members, _ := p.send(how, how.Signal, syscall.SIGCONT)
	for _, s := range members {
		told[s.ID] = s
	}
	limit := make(chan struct{})
	defer AfterAwake(how.Timeout, func() { close(limit) })()
	done := p.done
	var look <-chan time.Time
	for pause := time.Millisecond; ; pause = min(pause+pause/2, 20*time.Millisecond) {
		if p.exited() {
			left := p.left(how.Keep)
			if len(left) == 0 {
				return apart, true
			}
			p.tellNewcomers(left, told, how.Signal)
			done, look = nil, time.After(pause)
		}
		select {
		case <-done:
		case <-look:
		case <-p.gone:
			return apart, true
		case <-how.Kill:
			return apart, false
		case <-limit:
			return apart, false
		}
	}
}

// tellNewcomers also signals what started after the others were signalled, or left the
// group between the look and the signal.
func (p *Process) tellNewcomers(left []stat, told map[ID]stat, sig syscall.Signal) {
	for _, s := range left {
		before, known := told[s.ID]
		hasLeft := before.pgrp == p.id.PID && s.pgrp != p.id.PID
		if known && !hasLeft || s.exiting() { // One that is exiting may be anybody's: see members.
			continue
		}
		told[s.ID] = s
		signalExact(s.ID, sig)
		signalExact(s.ID, syscall.SIGCONT)
	}
}

func (p *Process) kill(how Ending) error {
	how.Leader = false
	if _, err := p.send(how, syscall.SIGKILL); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Millisecond):
	}
	left := killUntilGone(func() []stat { return p.left(how.Keep) })
	// One that hangs in its exit may be anybody's: see members.
	left = slices.DeleteFunc(left, func(s stat) bool { return s.exiting() && p.table.ownerOf(s) != p })
	if len(left) > 0 {
		return survives(left[0])
	}
	<-p.done
	return nil
}

// survives says why s could not be ended.
func survives(s stat) error {
	why := "it survives SIGKILL"
	if s.ppid == 0 {
		return fmt.Errorf("cannot tell whether all of pid %d has ended: this system lets lhrun look at no process now", s.PID)
	}
	if errors.Is(signalExact(s.ID, 0), unix.EPERM) {
		why = fmt.Sprintf("it belongs to %s, and lhrun may not signal it", owner(s.PID))
	}
	return fmt.Errorf("cannot end pid %d (%s): %s", s.PID, Command(s.PID), why)
}

// killUntilGone kills what list names until it names nothing, and returns the survivors
// of killPatience and foreignPatience.
func killUntilGone(list func() []stat) []stat {
	first := map[ID]time.Time{}
	pause := time.Millisecond / 2
	for round := 0; ; round++ {
		targets := list()
		if round > 1 {
			targets = freeze(list, targets)
		}
		survivors := 0
		for _, s := range targets {
			patience := killPatience
			if err := signalExact(s.ID, syscall.SIGKILL); errors.Is(err, unix.EPERM) {
				patience = foreignPatience
			}
			if at, ok := first[s.ID]; !ok {
				first[s.ID] = time.Now()
			} else if time.Since(at) > patience {
				survivors++
			}
		}
		if survivors == len(targets) {
			return targets
		}
		time.Sleep(pause)
		pause = min(2*pause, 20*time.Millisecond)
	}
}

// freeze stops the targets, and what they have started meanwhile, until nothing new
// appears: a chain of processes that each start the next outruns a plain kill.
func freeze(list func() []stat, targets []stat) []stat {
	stopped := map[ID]bool{}
	for range 100 {
		fresh := 0
		for _, s := range targets {
			if !stopped[s.ID] {
				stopped[s.ID] = true
				signalExact(s.ID, syscall.SIGSTOP)
				fresh++
			}
		}
		if fresh == 0 {
			break
		}
		targets = list()
	}
	return targets
}
