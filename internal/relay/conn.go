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
	// tap is nil where nobody reads what passes, and count where somebody does.
	tap   *tap
	count *count
}

func newConn(i *inspector, s handoff.EdgeState, caller, service *net.TCPConn) *conn {
	c := &conn{caller: caller, service: service}
	record := i.record(s, caller)
	if decode.Protocol(s.Protocol) == decode.TCP {
		c.count = newCount(record.Emit)
	} else {
		c.tap = newTap(i.decoder(s.Protocol, record.Emit))
	}
	return c
}

// carry returns when both directions have ended. Each closes by itself.
func (c *conn) carry() {
	var both sync.WaitGroup
	both.Go(func() { c.move(decode.Up, c.service, c.caller) })
	both.Go(func() { c.move(decode.Down, c.caller, c.service) })
	both.Wait()
	c.cut()
	if c.tap == nil {
		c.count.end()
	} else {
		c.tap.close()
	}
}

// move carries one direction, and what ends it: an end, or a break.
func (c *conn) move(dir decode.Direction, to, from *net.TCPConn) {
	var err error
	if c.tap == nil {
		err = c.splice(dir, to, from)
	} else {
		err = c.pump(dir, to, from)
		c.tap.end(dir)
	}
	if isBreak(err) {
		reset(to)
		reset(from)
		return
	}
	_ = to.CloseWrite()
}

// isBreak reports whether a connection was broken off rather than ended.
func isBreak(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ETIMEDOUT)
}

// pumpSize is how many bytes are read at once.
const pumpSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, pumpSize); return &b }}

// pump moves bytes until from ends. The decoder's copy is made before they pass, so that
// it never sees an answer before its call.
func (c *conn) pump(dir decode.Direction, to, from *net.TCPConn) error {
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

// spliceSize is how many bytes pass before they are counted.
const spliceSize = 64 << 20

// splice moves bytes that nobody reads, in the kernel where that can.
func (c *conn) splice(dir decode.Direction, to, from *net.TCPConn) error {
	for {
		n, err := to.ReadFrom(&io.LimitedReader{R: from, N: spliceSize})
		c.count.add(dir, n)
		if err != nil || n < spliceSize {
			return err
		}
	}
}

// cut closes both ends.
func (c *conn) cut() {
	c.caller.Close()
	c.service.Close()
}
