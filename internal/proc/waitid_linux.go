package proc

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childInfo is what waitid tells of a child. The empty array aligns the rest as
// the kernel's union is, on 32 and 64 bits.
type childInfo struct {
	signo, errno, code int32
	_                  [0]uintptr
	pid                int32
	uid                uint32
	status             int32
}

// peekExit reads how pid has exited and leaves it unreaped; false when it runs. A
// child that other code has reaped counts as exited with code 0.
func peekExit(pid, flags int) (Exit, bool) {
	const exited = 1 // CLD_EXITED; the others are ends by a signal
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		child := (*childInfo)(unsafe.Pointer(&info))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return Exit{}, true
		case child.signo == 0:
			return Exit{}, false
		case child.code == exited:
			return Exit{Code: int(child.status)}, true
		}
		return Exit{Code: 128 + int(child.status), Signal: syscall.Signal(child.status)}, true
	}
}
