package front

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// mostConnectionsIn bounds the connections of a door, where this process may have so many
// descriptors: for each there has to be one to a service. Others wait in the kernel.
func mostConnectionsIn() int {
	const least, most = 16, 1 << 20
	return int(min(max(descriptors()/4, least), most)) // A quarter, as there may be two doors.
}

// isFull reports whether err says that there are no descriptors left, which passes.
func isFull(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// counted is a connection that gives its room back when it closes.
type counted struct {
	net.Conn
	leave func()
}

func newCounted(c net.Conn, room <-chan struct{}) *counted {
	return &counted{c, sync.OnceFunc(func() { <-room })}
}

func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite ends one direction.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}
