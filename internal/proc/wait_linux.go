//go:build !portable

package proc

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter sees a child's exit without reaping it.
type waiter struct {
	pid int
	// pidfd is readable once the child has exited, and Go's poller waits for it;
	// nil where the kernel has none, and then a thread waits. It stays open until
	// the child is reaped: by it others know whose child this is.
	pidfd *os.File
}

// askPidfd has the spawn fill in a descriptor of the child.
func askPidfd(sys *syscall.SysProcAttr) *int {
	fd := -1
	sys.PidFD = &fd
	return &fd
}

func newWaiter(pid int, pidfd *int) waiter {
	w := waiter{pid: pid}
	if *pidfd < 0 {
		return w
	}
	if err := unix.SetNonblock(*pidfd, true); err != nil {
		unix.Close(*pidfd)
		return w
	}
	w.pidfd = os.NewFile(uintptr(*pidfd), "pidfd")
	return w
}

// reap reaps a child that has exited, so that its pid is free.
func (w waiter) reap() {
	reapChild(w.pid)
	if w.pidfd != nil {
		w.pidfd.Close()
	}
}

func (w waiter) wait() Exit {
	if w.pidfd == nil {
		exit, _ := peekExit(w.pid, 0)
		return exit
	}
	var exit Exit
	var done bool
	conn, err := w.pidfd.SyscallConn()
	if err == nil {
		err = conn.Read(func(uintptr) bool {
			exit, done = peekExit(w.pid, unix.WNOHANG)
			return done
		})
	}
	if err != nil || !done {
		exit, _ = peekExit(w.pid, 0)
	}
	return exit
}

// reapAllBut reaps the dead children up to the one named child, which ends this program's
// work anyway.
func reapAllBut(child int) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		pid := int((*childInfo)(unsafe.Pointer(&info)).pid)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil, pid == 0, pid == child:
			return
		default:
			reapChild(pid)
		}
	}
}

// childless reports whether this program has no child, neither one that lives nor one
// that waits to be reaped.
func childless() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, nil)
	return errors.Is(err, unix.ECHILD)
}
