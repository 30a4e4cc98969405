//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// ForeignTree is a process that no Table started, with what descends from it now.
type ForeignTree struct{ ID }

// Members returns the living processes of the tree; none once its first one is gone.
func (t ForeignTree) Members() (ids []ID) {
	s, ok := readStat(t.PID)
	if !ok || s.ID != t.ID {
		return nil
	}
	for _, s := range newForest().below([]stat{s}) {
		ids = append(ids, s.ID)
	}
	return ids
}

// End signals every process of the tree and returns when all of them are gone. What is
// left after timeout, or when kill closes, is killed. The signal 0 is none.
func (t ForeignTree) End(sig syscall.Signal, timeout time.Duration, kill <-chan struct{}) error {
	members := t.Members()
	if len(members) == 0 {
		return nil
	}
	send := func(sig syscall.Signal) (err error) {
		for _, id := range members {
			if e := signalExact(id, sig); errors.Is(e, syscall.EPERM) {
				err = fmt.Errorf("cannot end pid %d (%s): it belongs to another user", id.PID, Command(id.PID))
			}
		}
		return err
	}
	if sig != 0 {
		_ = send(sig)
	}
	limit := make(chan struct{})
	defer AfterAwake(timeout, func() { close(limit) })()
	for pause := time.Millisecond; timeout > 0; pause = min(2*pause, 20*time.Millisecond) {
		if noneLives(members) {
			return nil
		}
		select {
		case <-time.After(pause):
			continue
		case <-limit:
		case <-kill:
		}
		break
	}
	err := send(syscall.SIGKILL)
	for end := time.Now().Add(killPatience); err == nil && !noneLives(members); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("cannot end pid %d: it survives SIGKILL", t.PID)
		}
	}
	return err
}

func noneLives(ids []ID) bool {
	for _, id := range ids {
		if Alive(id) {
			return false
		}
	}
	return true
}
