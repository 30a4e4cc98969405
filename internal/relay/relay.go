// Package relay is the process that carries a run's traffic: it serves the sockets of the
// front and of the edges that the run hands over, and keeps what the inspector sees.
// Flooding, stopping or killing it touches no service; the run starts another.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/front"
	"github.com/lhrun/lhrun/internal/handoff"
	"github.com/lhrun/lhrun/internal/traffic"
)

// relay belongs to the goroutine of Serve.
type relay struct {
	ctx       context.Context
	project   control.Project
	authority front.Authority
	inspector *inspector
	sockets   map[int]*os.File
	state     handoff.State
	edges     map[int]*edge
	front     *served
	traffic   *served
}

// Serve does what run, the other end of a handoff, asks for, until that is gone or ctx
// ends. Authority may be nil: then there is no https.
func Serve(ctx context.Context, run *net.UnixConn, project control.Project, authority front.Authority) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(ctx, func() { _ = run.SetReadDeadline(time.Now()) })()
	r := &relay{
		ctx: ctx, project: project, authority: authority,
		inspector: newInspector(), sockets: map[int]*os.File{}, edges: map[int]*edge{},
	}
	defer r.close()
	for {
		m, f, err := handoff.Receive(run)
		switch {
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("cannot hear from the run: %w", err)
		case m.Socket != nil:
			r.sockets[m.Socket.ID] = f
		case m.State != nil:
			if err := r.apply(*m.State); err != nil {
				return err
			}
		}
	}
}

// apply makes next what is served.
func (r *relay) apply(next handoff.State) error {
	before := r.state
	r.state = next
	r.inspector.set(next)
	if next.FrontSettings != before.FrontSettings || !slices.Equal(next.Front, before.Front) {
		r.front.end()
		r.front = r.serveFront(next.Front)
	}
	if !slices.Equal(next.Traffic, before.Traffic) {
		r.traffic.end()
		r.traffic = r.serveTraffic(next.Traffic)
	}
	err := r.applyEdges(next.Edges)
	r.forget()
	return err
}

func (r *relay) applyEdges(next []handoff.EdgeState) error {
	keep := map[int]bool{}
	for _, s := range next {
		f := r.sockets[s.Socket]
		if f == nil {
			continue
		}
		keep[s.Socket] = true
		if e := r.edges[s.Socket]; e != nil {
			e.set(s)
			continue
		}
		e, err := newEdge(s, f, r.inspector)
		if err != nil {
			return fmt.Errorf("cannot serve the edge %s -> %s: %w", s.From, s.To, err)
		}
		r.edges[s.Socket] = e
	}
	for id, e := range r.edges {
		if !keep[id] {
			_ = r.sockets[id].Close() // Nobody connects any more when connections are cut.
			e.close()
			delete(r.edges, id)
			delete(r.sockets, id)
		}
	}
	return nil
}

// forget closes the sockets that the state does not name any more.
func (r *relay) forget() {
	for id, f := range r.sockets {
		if !slices.Contains(r.state.Traffic, id) && !slices.Contains(r.state.Front, id) && r.edges[id] == nil {
			_ = f.Close()
			delete(r.sockets, id)
		}
	}
}

func (r *relay) close() {
	r.front.end()
	r.traffic.end()
	for _, e := range r.edges {
		e.close()
	}
}

// served is a server of some sockets, which ends with its context.
type served struct {
	stop context.CancelFunc
	over chan struct{}
}

// end works on nil too.
func (s *served) end() {
	if s != nil {
		s.stop()
		<-s.over
	}
}

// serve runs a server over the sockets of ids.
func (r *relay) serve(ids []int, server func(ctx context.Context, listeners []net.Listener) error) *served {
	var listeners []net.Listener
	for _, id := range ids {
		if f := r.sockets[id]; f != nil {
			if l, err := net.FileListener(f); err == nil {
				listeners = append(listeners, l)
			}
		}
	}
	if len(listeners) == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(r.ctx)
	s := &served{stop, make(chan struct{})}
	go func() {
		defer close(s.over)
		if err := server(ctx, listeners); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1) // The run starts another.
		}
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	return s
}

func (r *relay) serveFront(ids []int) *served {
	return r.serve(ids, func(ctx context.Context, listeners []net.Listener) error {
		return front.Serve(ctx, r.project, listeners, front.Options{Authority: r.authority, Observe: r.inspector.observe})
	})
}

// serveTraffic lets verbs ask what was seen.
func (r *relay) serveTraffic(ids []int) *served {
	return r.serve(ids, func(ctx context.Context, listeners []net.Listener) error {
		ended := make(chan error, len(listeners))
		for _, l := range listeners {
			go func() { ended <- traffic.Serve(ctx, l, r.inspector.store) }()
		}
		var err error
		for range listeners {
			err = errors.Join(err, <-ended)
		}
		return err
	})
}
