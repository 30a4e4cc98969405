package probe

import (
	"context"
	"net"
	"syscall"
	"time"
)

// TCP passes when addr, host:port, accepts a connection.
func TCP(addr string) Check {
	return func(ctx context.Context) error {
		start := time.Now()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return explain(err, start)
		}
		defer conn.Close()
		// A port out of the ephemeral range can be given to the dialer itself,
		// and TCP then connects it to itself: nobody listens there.
		if conn.LocalAddr().String() == conn.RemoteAddr().String() {
			return explain(syscall.ECONNREFUSED, start)
		}
		return nil
	}
}
