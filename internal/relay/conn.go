package relay

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/lhrun/lhrun/internal/decode"
	"github.com/lhrun/lhrun/internal/handoff"
)

// conn is one connection through an edge.
type conn struct {
	// caller is the end that dialled, service the other one.
	caller, service *net.TCPConn
	tap             *tap
}

func newConn(i *inspector, s handoff.EdgeState, caller, service *net.TCPConn) *conn {
	return &conn{caller: caller, service: service, tap: i.tap(s, caller)}
}

// carry returns when both directions have ended. Each closes by itself.
func (c *conn) carry() {
	var both sync.WaitGroup
	both.Go(func() { c.move(decode.Up, c.service, c.caller) })
	both.Go(func() { c.move(decode.Down, c.caller, c.service) })
	both.Wait()
	c.cut()
	c.tap.close()
}

// move carries one direction, and what ends it: an end, or a break.
func (c *conn) move(dir decode.Direction, to, from *net.TCPConn) {
	err := c.pump(dir, to, from)
	c.tap.end(dir)
	if isBreak(err) {
		reset(to)
		reset(from)
		return
	}
	_ = to.CloseWrite()
}

// isBreak reports whether a direction was broken off rather than ended. Where the other
// side just reads no more, its own end is still to come.
func isBreak(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ETIMEDOUT)
}

// pumpSize is how many bytes are read at once.
const pumpSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, pumpSize); return &b }}

// pump moves bytes until from ends. The decoder's copy is made before they pass, so that
// it never sees an answer before its call.
func (c *conn) pump(dir decode.Direction, to, from *net.TCPConn) error {
	if c.tap == nil {
		return c.splice(dir, to, from)
	}
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	for {
		n, err := from.Read(*b)
		if n > 0 {
			c.tap.copy(dir, (*b)[:n])
			if _, errWrite := to.Write((*b)[:n]); errWrite != nil {
				return errWrite
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// cut closes both ends.
func (c *conn) cut() {
	c.caller.Close()
	c.service.Close()
}

// splice moves bytes that nobody reads, in the kernel where that can.
func (c *conn) splice(_ decode.Direction, to, from *net.TCPConn) error {
	_, err := to.ReadFrom(from)
	return err
}
