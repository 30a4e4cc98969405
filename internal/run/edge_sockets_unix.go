//go:build linux || darwin || freebsd

package run

import (
	"os"

	"golang.org/x/sys/unix"
)

// bindEdge binds a socket to port of 127.0.0.1. It refuses connections until it listens.
func bindEdge(port int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "edge"), nil
}

// backlog is how many connections wait to be accepted; the kernel has a limit of its own.
const backlog = 4096

// listenEdge has f listen, or refuse again. The port stays its own, and connections that
// were accepted go on. Where the system cannot stop a socket from listening, it goes on.
func listenEdge(f *os.File, listen bool) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	errControl := raw.Control(func(fd uintptr) {
		if listen {
			err = os.NewSyscallError("listen", unix.Listen(int(fd), backlog))
		} else {
			_ = unix.Shutdown(int(fd), unix.SHUT_RD)
		}
	})
	if errControl != nil {
		return errControl
	}
	return err
}
