//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ports

import (
	"errors"
	"net"
	"strconv"
	"syscall"
)

const errInUse = syscall.EADDRINUSE

// bound returns nil when loopback can be listened on at port.
func bound(port int) error {
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			l.Close()
		} else if host == "127.0.0.1" {
			return errors.Join(err, errInUse)
		}
	}
	return nil
}
