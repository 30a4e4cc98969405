//go:build darwin || freebsd

package proc

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
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

// exitEvent waits for the kernel to tell the wait status.
func exitEvent(pid int) (syscall.WaitStatus, error) {
	queue, err := unix.Kqueue()
	if err != nil {
		return 0, err
	}
	defer unix.Close(queue)
	unix.CloseOnExec(queue)
	change := unix.Kevent_t{Fflags: noteExit}
	unix.SetKevent(&change, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	events := make([]unix.Kevent_t, 1)
	for {
		n, err := unix.Kevent(queue, []unix.Kevent_t{change}, events, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 1 && events[0].Flags&unix.EV_ERROR != 0:
			return 0, syscall.Errno(events[0].Data)
		case n == 1:
			return syscall.WaitStatus(events[0].Data), nil
		}
	}
}

// reapAllBut does nothing: orphans come to the system's own first process.
func reapAllBut(int) {}

// childless is not known here.
func childless() bool { return false }
