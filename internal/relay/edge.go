package relay

import (
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/front"
	"github.com/lhrun/lhrun/internal/handoff"
)

// edge accepts the connections of one caller, or of several that share it, and leads them
// to the service.
type edge struct {
	state    atomic.Pointer[handoff.EdgeState]
	listener *net.TCPListener
	// opened gets something when the socket listens again.
	opened    chan struct{}
	inspector *inspector

	mu     sync.Mutex
	conns  map[*conn]bool
	closed bool
}

func newEdge(s handoff.EdgeState, f *os.File, i *inspector) (*edge, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	t, ok := l.(*net.TCPListener)
	if !ok {
		l.Close()
		return nil, errors.New("the socket of an edge is no TCP socket")
	}
	e := &edge{listener: t, opened: make(chan struct{}, 1), inspector: i, conns: map[*conn]bool{}}
	e.state.Store(&s)
	go e.accept()
	return e, nil
}

// set takes what is new of the edge.
func (e *edge) set(s handoff.EdgeState) {
	e.state.Store(&s)
	select {
	case e.opened <- struct{}{}:
	default:
	}
}

// acceptPause is between tries to accept where that failed for another reason than that
// the socket does not listen.
const acceptPause = 10 * time.Millisecond

func (e *edge) accept() {
	for {
		c, err := e.listener.AcceptTCP()
		switch {
		case err == nil:
			go e.serve(c)
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.EINVAL) && !e.state.Load().Open: // It refuses for now.
			<-e.opened
		default:
			time.Sleep(acceptPause)
		}
	}
}

// serve carries one connection until it has ended.
func (e *edge) serve(up *net.TCPConn) {
	if !front.IsOurs(up) {
		up.Close()
		return
	}
	state := *e.state.Load()
	down, err := dial(state.Target)
	if err != nil {
		reset(up) // As the service has refused, or does not answer.
		return
	}
	c := newConn(e.inspector, state, up, down)
	if !e.add(c) {
		c.cut()
		return
	}
	c.carry()
	e.remove(c)
}

func (e *edge) add(c *conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.conns[c] = true
	}
	return !e.closed
}

func (e *edge) remove(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
}

// close ends the edge, and its connections: its port is somebody else's from now on.
func (e *edge) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	_ = e.listener.Close()
	e.set(*e.state.Load())
	for c := range e.conns {
		c.cut()
	}
}

// dialPatience is how long a service may take to accept.
const dialPatience = 10 * time.Second

// dial goes to the loopback address on which somebody listens.
func dial(port int) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: dialPatience}
	var first error
	for _, host := range []string{"127.0.0.1", "::1"} {
		c, err := d.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return c.(*net.TCPConn), nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// reset closes c so that its peer sees the connection broken rather than ended.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}
