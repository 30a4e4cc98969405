package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// Attacher is a Project to whose services' terminals people can attach.
type Attacher interface {
	Project
	// Attach calls each with what the terminal of a service shows from now on, first its
	// unfinished line and the service, and types what comes from keys. It lasts across
	// restarts of the service, until ctx ends, or keys is closed and all of it is typed,
	// which are no errors, or each returns an error, which it returns. It returns ErrEnded
	// once the project is down.
	Attach(ctx context.Context, service string, keys <-chan Keys, each func(Shown) error) error
}

// Keys is what somebody does at a terminal that is attached. It is in no log.
type Keys struct {
	Typed []byte `json:"typed,omitempty"`
	// Rows and Cols are the terminal's size from now on; zero is unchanged.
	Rows uint16 `json:"rows,omitempty"`
	Cols uint16 `json:"cols,omitempty"`
}

// Shown is what an attached terminal is to show, in the order of its fields.
type Shown struct {
	// Missed is how many bytes were written faster than they were read, and are lost.
	Missed int64 `json:"missed,omitempty"`
	// Output is what the service wrote, byte for byte.
	Output []byte `json:"output,omitempty"`
	// Service, unless nil, is what is known of the service from then on.
	Service *Service `json:"service,omitempty"`
	// Untaken says that the service has read nothing of what is typed for a while.
	Untaken bool `json:"untaken,omitempty"`
}

const (
	// maxKeys bounds one object of Keys, in bytes, and maxTyped what is typed in it.
	maxKeys  = 64 << 10
	maxTyped = 32 << 10
	// untakenAfter is how long what is typed is taken by nobody until that is told.
	untakenAfter = time.Second
)

// Attach is Attacher's.
func (l *Local) Attach(ctx context.Context, service string, keys <-chan Keys, each func(Shown) error) error {
	a, err := l.o.Supervisor.Attach(service)
	switch {
	case errors.Is(err, supervisor.ErrEnding), errors.Is(err, supervisor.ErrEnded):
		return fmt.Errorf("cannot attach: %w", ErrEnded)
	case err != nil:
		return mistake("cannot attach: %v", err)
	}
	defer a.Close()
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	go func() {
		defer leave()
		typeKeys(ctx, a, keys)
	}()
	for {
		shown, err := a.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, supervisor.ErrEnded):
			return ErrEnded
		case err != nil:
			return mistake("%v", err)
		}
		if err := each(shownOf(shown)); err != nil {
			return err
		}
	}
}

func typeKeys(ctx context.Context, a *supervisor.Attachment, keys <-chan Keys) {
	for {
		select {
		case k, ok := <-keys:
			if !ok {
				return
			}
			if k.Rows > 0 && k.Cols > 0 {
				a.Resize(supervisor.Size{Rows: k.Rows, Cols: k.Cols})
			}
			if len(k.Typed) > 0 && a.Type(ctx, k.Typed) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func shownOf(s supervisor.Shown) Shown {
	out := Shown{Missed: s.Missed, Output: s.Output}
	if s.Status != nil {
		svc := serviceOf(*s.Status)
		out.Service = &svc
	}
	return out
}

// attach reads keys while it streams what is shown: the request ends after the answer.
func (s *Server) attach(w http.ResponseWriter, r *http.Request) error {
	service, err := parameters(r, "service")
	if err != nil {
		return err
	}
	attacher, ok := s.project.(Attacher)
	if !ok {
		return mistake("nothing can be attached to here")
	}
	rc := http.NewResponseController(w)
	if err := errors.Join(rc.EnableFullDuplex(), rc.SetReadDeadline(time.Time{})); err != nil {
		return err
	}
	var reading sync.WaitGroup
	err = s.stream(w, r, func(ctx context.Context, send func(any) error) error {
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		keys := make(chan Keys)
		reading.Go(func() {
			defer leave()
			_ = guarded(func() error { return passKeys(ctx, r.Body, keys, send) })
		})
		return attacher.Attach(ctx, service, keys, func(shown Shown) error { return send(shown) })
	})
	_ = rc.SetReadDeadline(time.Now()) // Not before: a read that fails cuts the answer off.
	reading.Wait()
	return err
}

// passKeys passes on keys from r, and closes keys at the end of r. While nobody takes them
// it tells the client, which also shows whether there is one.
func passKeys(ctx context.Context, r io.Reader, keys chan<- Keys, send func(any) error) error {
	err := readKeys(r, func(k Keys) error {
		for {
			select {
			case keys <- k:
				return nil
			case <-time.After(untakenAfter):
				if err := send(Shown{Untaken: true}); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	switch {
	case err == nil:
		close(keys)
		<-ctx.Done() // Until all is typed.
	case !isTransport(err) && ctx.Err() == nil:
		return send(failureOf(mistake("cannot read the request: %v", err)))
	}
	return nil
}

// readKeys gives each the Keys of r until its end. It refuses whatever is none.
func readKeys(r io.Reader, each func(Keys) error) error {
	lines := bufio.NewScanner(r)
	lines.Split(wholeLine)
	lines.Buffer(nil, maxKeys)
	for lines.Scan() {
		var k Keys
		if err := decodeStrict(bytes.NewReader(lines.Bytes()), &k); err != nil {
			return err
		}
		if err := each(k); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Attach is Attacher's.
func (c *Client) Attach(ctx context.Context, service string, keys <-chan Keys, each func(Shown) error) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	body, w := io.Pipe()
	defer func() { _ = body.Close() }()
	go func() { _ = w.CloseWithError(writeKeys(ctx, w, keys)) }()
	path := pathAttach + "?" + url.Values{"service": {service}}.Encode()
	return c.stream(ctx, http.MethodPost, path, body, func(line []byte) error {
		var s Shown
		if err := json.Unmarshal(line, &s); err != nil {
			return fmt.Errorf("cannot understand the running lhrun: %w", err)
		}
		return each(s)
	})
}

// writeKeys writes keys until they are closed, which is the end of w.
func writeKeys(ctx context.Context, w io.Writer, keys <-chan Keys) error {
	for {
		select {
		case k, ok := <-keys:
			if !ok {
				return nil
			}
			for first := true; first || len(k.Typed) > 0; first = false {
				piece := k
				piece.Typed = k.Typed[:min(len(k.Typed), maxTyped)]
				k = Keys{Typed: k.Typed[len(piece.Typed):]}
				line, err := encode(piece)
				if err == nil {
					_, err = w.Write(line)
				}
				if err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
