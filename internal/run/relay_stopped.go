//go:build linux || darwin

package run

import (
	"os"
	"syscall"
	"unsafe"
)

// What waitid is asked: whether a process has ended or is stopped, without taking that
// from whoever waits for its end.
const (
	waitPID = 1 // P_PID
	waitEnd = 4 // WEXITED
)

// endIfStopped ends the child p once a signal has stopped it: it holds connections that
// nobody else can answer. It returns when p has ended. The kernel tells, so that waiting
// costs nothing; a debugger's stops are not told.
func endIfStopped(p *os.Process) {
	for {
		var info [16]uint64 // siginfo_t: 128 bytes on Linux, 104 on macOS.
		_, _, err := syscall.Syscall6(syscall.SYS_WAITID, waitPID, uintptr(p.Pid),
			uintptr(unsafe.Pointer(&info)), waitEnd|waitStop|waitNoReap, 0, 0)
		if err != syscall.EINTR {
			break
		}
	}
	_ = p.Kill() // Nothing happens to one that has ended.
}
