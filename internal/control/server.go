package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// Server serves one project on its sockets.
type Server struct {
	project Project
	limits  limits
	http    *http.Server
	gates   places
	streams chan struct{}
	readers chan struct{}
	// sent counts what streams have written.
	sent atomic.Uint64

	served   sync.WaitGroup
	handlers attendance
	once     sync.Once
	err      error

	mu      sync.Mutex // guards sockets and closed
	sockets []socket
	closed  bool
}

// socket is one place where a Server listens.
type socket struct {
	path string
	// gate is nil while the Server does not listen there, and info is of what it has made.
	gate *gate
	info os.FileInfo
}

// stands reports whether the socket is still where it was made.
func (at socket) stands() bool {
	info, err := os.Lstat(at.path)
	return err == nil && at.gate != nil && os.SameFile(info, at.info)
}

// Listen serves p on a socket at each path, 0600 in a 0700 directory, taking the place
// of stale ones. Only the first one is indispensable. The caller holds the lock of the
// instance.
func Listen(path string, p Project, more ...string) (*Server, error) {
	return listenWith(path, p, usualLimits(), more...)
}

func listenWith(path string, p Project, most limits, more ...string) (*Server, error) {
	s := &Server{
		project: p, limits: most, gates: make(places, most.connections),
		streams: make(chan struct{}, most.streams), readers: make(chan struct{}, most.readers),
		sockets: []socket{{path: path}},
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ConnContext:       withAsker,
		ReadHeaderTimeout: most.header,
		IdleTimeout:       most.idle,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          log.New(io.Discard, "", 0), // Stderr is the services' stream.
	}
	if err := s.listen(&s.sockets[0]); err != nil {
		return nil, fmt.Errorf("cannot listen for other lhrun commands: %w", err)
	}
	for _, path := range more {
		s.sockets = append(s.sockets, socket{path: path})
	}
	s.Heal()
	return s, nil
}

func (s *Server) listen(at *socket) error {
	l, err := listen(at.path)
	if err != nil {
		return err
	}
	info, err := os.Lstat(at.path)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if at.gate != nil {
		_ = at.gate.Close()
	}
	g := newGate(l, s.gates)
	at.gate, at.info = g, info
	s.served.Go(func() { _ = s.http.Serve(g) })
	return nil
}

// Heal makes anew the sockets that somebody has removed.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.sockets {
		if at := &s.sockets[i]; !s.closed && !at.stands() {
			_ = s.listen(at) // It may be impossible now, and possible later.
		}
	}
}

// Close ends all requests and removes the sockets. Streams that are being read may
// come to their end first, if that does not take long.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.err = s.removeSockets()
		s.drain()
		_ = s.http.Close()
		s.served.Wait()
		s.handlers.end(s.limits.closing)
	})
	return s.err
}

func (s *Server) removeSockets() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, at := range s.sockets {
		if !at.stands() {
			continue
		}
		if e := os.Remove(at.path); !files.IsReadOnly(e) { // One that stays is found stale.
			err = errors.Join(err, e)
		}
	}
	return err
}

// drain returns when all requests are answered, or nothing moves any more.
func (s *Server) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.closing)
	var done sync.WaitGroup
	defer done.Wait()
	defer cancel()
	done.Go(func() {
		_ = s.http.Shutdown(ctx)
		cancel()
	})
	for moved := true; moved; {
		before := s.sent.Load()
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.limits.stall):
			moved = s.sent.Load() != before
		}
	}
}

// gate lets in this user's connections only, and not too many at once: the others
// wait in the kernel's queue until one of them has ended.
type gate struct {
	*net.UnixListener
	places places
	closed chan struct{}
	once   sync.Once
}

// places are for all connections of a Server.
type places chan struct{}

func newGate(l *net.UnixListener, p places) *gate {
	return &gate{UnixListener: l, places: p, closed: make(chan struct{})}
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		select {
		case g.places <- struct{}{}:
		case <-g.closed:
			return nil, net.ErrClosed
		}
		leave := sync.OnceFunc(func() { <-g.places })
		conn, err := g.AcceptUnix()
		if err != nil {
			leave()
			return nil, err
		}
		pid, err := checkPeer(conn)
		if err != nil {
			leave()
			_ = conn.Close()
			continue
		}
		return &admitted{conn, leave, pid}, nil
	}
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.UnixListener.Close()
}

// admitted is a connection that the gate has let in.
type admitted struct {
	*net.UnixConn
	leave func()
	// pid is of the process at the other end; 0 is not known.
	pid int
}

func (a *admitted) Close() error {
	defer a.leave()
	return a.UnixConn.Close()
}
