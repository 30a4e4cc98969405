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
		conn, err := dial(ctx, addr)
		if err != nil {
			return explain(err, start)
		}
		return conn.Close()
	}
}

// dial connects to somebody else: a port out of the ephemeral range can be given
// to the dialer itself, and TCP then connects it to itself.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if conn.LocalAddr().String() == conn.RemoteAddr().String() {
		conn.Close()
		return nil, syscall.ECONNREFUSED
	}
	return conn, nil
}
