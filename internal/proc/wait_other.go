//go:build darwin || freebsd || (linux && portable)

package proc

import (
	"errors"
	"syscall"
)

// waiter sees a child's exit without reaping it, in a thread of its own.
type waiter struct{ pid int }

func askPidfd(*syscall.SysProcAttr) *int { return nil }

func newWaiter(pid int, _ *int) waiter { return waiter{pid} }

// reap reaps a child that has exited, so that its pid is free.
func (w waiter) reap() { reapChild(w.pid) }

func (w waiter) wait() Exit {
	status, err := exitEvent(w.pid)
	if err != nil {
		// It was dead before it could be watched; waiting for it reaps it.
		for {
			_, err := syscall.Wait4(w.pid, &status, 0, nil)
			if !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	}
	if status.Signaled() {
		return Exit{Code: 128 + int(status.Signal()), Signal: status.Signal()}
	}
	return Exit{Code: status.ExitStatus()}
}

// reapAllBut does nothing: orphans come to the system's own first process.
func reapAllBut(int) {}

// childless is not known here.
func childless() bool { return false }
