//go:build darwin || freebsd

package proc

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

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
