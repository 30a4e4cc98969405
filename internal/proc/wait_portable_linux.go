//go:build portable

package proc

import "syscall"

// exitEvent waits for the end of a child, which stays unreaped.
func exitEvent(pid int) (syscall.WaitStatus, error) {
	exit, _ := peekExit(pid, 0)
	if exit.Signal != 0 {
		return syscall.WaitStatus(exit.Signal), nil
	}
	return syscall.WaitStatus(exit.Code << 8), nil
}
