//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// SignalForeign signals the very process that id names.
func SignalForeign(id ID, sig syscall.Signal) error { return signalExact(id, sig) }

// Identify names the process that has pid now; false when there is none.
func Identify(pid int) (ID, bool) {
	s, ok := readStat(pid)
	return s.ID, ok && !s.dead()
}

// Above reports whether pid is this process or one that it descends from.
func Above(pid int) bool {
	seen := map[int]bool{}
	for s, ok := readStat(os.Getpid()); ok && !seen[s.PID]; s, ok = readStat(s.ppid) {
		if s.PID == pid {
			return true
		}
		seen[s.PID] = true
	}
	return false
}

// EndForeign asks a process that no Table has started to end, kills it after
// timeout, and returns when it is gone. It never signals a process that got the
// pid later. The error says that this user may not end it, or that even SIGKILL
// did not.
func EndForeign(id ID, timeout time.Duration) error {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		err := signalExact(id, sig)
		if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot end pid %d: %w", id.PID, err)
		}
		patience := timeout
		if sig == syscall.SIGTERM {
			_ = signalExact(id, syscall.SIGCONT)
		} else {
			patience = killPatience
		}
		if awaitGone(id, patience) {
			return nil
		}
	}
	return fmt.Errorf("cannot end pid %d: it survives SIGKILL", id.PID)
}

func awaitGone(id ID, patience time.Duration) bool {
	limit := time.Now().Add(patience)
	for pause := time.Millisecond; Alive(id); pause = min(2*pause, 50*time.Millisecond) {
		if time.Now().After(limit) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}
