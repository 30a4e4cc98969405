//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import (
	"errors"

	"golang.org/x/sys/unix"
)

const errInUse = unix.EADDRINUSE

// bound returns nil when a service could bind port on loopback, EADDRINUSE when
// somebody is in the way, and any other error when that cannot be tried.
//
// A wildcard and a loopback socket may share a port here, so each address is
// tried by itself. There is no listen, so nobody can connect meanwhile.
func bound(port int) error {
	for _, addr := range []unix.Sockaddr{
		&unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}},
		&unix.SockaddrInet4{Port: port},
		&unix.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}},
		&unix.SockaddrInet6{Port: port},
	} {
		err := tryBind(addr)
		if err != nil && !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}

func tryBind(addr unix.Sockaddr) error {
	family := unix.AF_INET
	if _, ok := addr.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	if family == unix.AF_INET6 {
		if err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return err
		}
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	return unix.Bind(fd, addr)
}
