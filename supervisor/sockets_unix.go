//go:build unix

package supervisor

import (
	"os"
	"syscall"
)

// listens reports whether f still does: a process that shuts its socket down has
// done so for everybody who shares it.
func listens(f *os.File) bool {
	on := 0
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) {
			on, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
		})
	}
	return err == nil && on != 0
}
