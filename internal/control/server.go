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
)

// Server serves one project on one socket.
type Server struct {
	path    string
	info    os.FileInfo
	project Project
	limits  limits
	http    *http.Server
	streams chan struct{}
	readers chan struct{}
	// sent counts what streams have written.
	sent atomic.Uint64

	served   sync.WaitGroup
	handlers attendance
	once     sync.Once
	err      error
}

// Listen serves p on the socket at path, 0600 in a 0700 directory, taking the place
// of a stale one. The caller holds the lock of the instance.
func Listen(path string, p Project) (*Server, error) {
	return listenWith(path, p, usualLimits())
}

func listenWith(path string, p Project, most limits) (*Server, error) {
	l, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for other lhrun commands: %w", err)
	}
	s := &Server{
		path: path, project: p, limits: most,
		streams: make(chan struct{}, most.streams), readers: make(chan struct{}, most.readers),
	}
	if s.info, err = os.Lstat(path); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: most.header,
		IdleTimeout:       most.idle,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          log.New(io.Discard, "", 0), // Stderr is the services' stream.
	}
	s.served.Go(func() { _ = s.http.Serve(newGate(l, most.connections)) })
	return s, nil
}

// Close ends all requests and removes the socket. Streams that are being read may
// come to their end first, if that does not take long.
func (s *Server) Close() error {
	s.once.Do(func() {
		if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.info) {
			s.err = os.Remove(s.path)
		}
		s.drain()
		_ = s.http.Close()
		s.served.Wait()
		s.handlers.end(s.limits.closing)
	})
	return s.err
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
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newGate(l *net.UnixListener, most int) *gate {
	return &gate{UnixListener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
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
		if _, err := checkPeer(conn); err != nil {
			leave()
			_ = conn.Close()
			continue
		}
		return &admitted{conn, leave}, nil
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
}

func (a *admitted) Close() error {
	defer a.leave()
	return a.UnixConn.Close()
}
