//go:build !linux && !darwin && !freebsd

package run

import "net"

// frontSockets is nothing here: whoever connects is let go.
type frontSockets struct{}

func serveSockets(listening []*net.TCPListener, _ []string, warn func(format string, args ...any)) *frontSockets {
	for _, l := range listening {
		_ = l.Close()
	}
	warn("this system has no front: the services have no names for browsers")
	return &frontSockets{}
}

func (*frontSockets) startAnew() {}

func (*frontSockets) close() {}

func isInUse(error) bool { return true }
