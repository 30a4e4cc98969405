package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// dialPatience is for a lhrun that does not answer; ctx may end it sooner.
	dialPatience = 10 * time.Second
	// askPatience is for the beginning of an answer: a run has little to do for one.
	askPatience = 10 * time.Second
	// readPatience is for the beginning of one that takes reading the project's files.
	readPatience = time.Minute
)

// Client is a project that another process supervises. It may be used by many
// goroutines, and holds nothing between two requests.
type Client struct {
	path string
	http *http.Client
	// reading is for requests whose answer takes reading the project's files.
	reading *http.Client
	// pid is of the process at the other end; 0 is not known.
	pid atomic.Int64

	// Unresponsive, unless nil, makes the error of a request that gets no answer in time.
	Unresponsive func() error
}

var _ Project = (*Client)(nil)

// Find connects to the instance wherever its socket is; see Dial and SocketPath.
func Find(ctx context.Context, project, instance string) (*Client, error) {
	paths, err := socketPaths(project, instance)
	if err != nil {
		return nil, err
	}
	err = ErrNotRunning
	for i, path := range paths {
		c, e := Dial(ctx, path)
		if e == nil {
			return c, nil
		}
		// What may be wrong with a place that is not ours to use hides no other.
		if errors.Is(err, ErrNotRunning) && (i == 0 || !errors.As(e, new(unreachable))) {
			err = e
		}
	}
	return nil, err
}

// Dial connects to the socket at path. It returns ErrNotRunning where nobody
// listens, and says plainly when another version or another user does.
func Dial(ctx context.Context, path string) (*Client, error) {
	c := &Client{path: path}
	c.http = &http.Client{Transport: oneShot{c.connect, askPatience}}
	c.reading = &http.Client{Transport: oneShot{c.connect, readPatience}}
	try, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	err := c.get(try, pathHello, &struct{}{})
	if err != nil && !errors.As(err, new(unreachable)) && try.Err() == nil {
		// It may have died as it was asked: is anybody there now?
		err = c.get(try, pathHello, &struct{}{})
	}
	if err == nil {
		return c, nil
	}
	if try.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("lhrun%s does not answer within %s; is it stopped?", c.who(), dialPatience)
	}
	return nil, err
}

// who names the other end, where it is known.
func (c *Client) who() string {
	if pid := c.pid.Load(); pid != 0 {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}

// unreachable is an error from before there was a connection.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// connect makes one connection, to a socket and a process of this user.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	conn, err := c.tryConnect(ctx)
	if err != nil {
		return nil, unreachable{err}
	}
	return conn, nil
}

func (c *Client) tryConnect(ctx context.Context) (net.Conn, error) {
	if err := checkDir(filepath.Dir(c.path)); err != nil {
		return nil, notRunning(err)
	}
	if _, err := checkSocket(c.path); err != nil {
		return nil, notRunning(err)
	}
	short, release, err := shorten(c.path)
	if err != nil {
		return nil, err
	}
	defer release()
	conn, err := dial(ctx, short)
	if err != nil {
		return nil, notRunning(err)
	}
	pid, err := checkPeer(conn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot trust %s: %w", c.path, err), conn.Close())
	}
	if pid != 0 {
		c.pid.Store(int64(pid))
	}
	return conn, nil
}

// dial waits its turn where many connect at once.
func dial(ctx context.Context, path string) (*net.UnixConn, error) {
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return conn.(*net.UnixConn), nil
		}
		if !errors.Is(err, syscall.EAGAIN) { // The queue is not just full.
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func notRunning(err error) error {
	if nobodyListens(err) {
		return ErrNotRunning
	}
	return err
}

// Snapshot is Project's.
func (c *Client) Snapshot(ctx context.Context, usage bool) (Snapshot, error) {
	var s Snapshot
	err := c.get(ctx, pathSnapshot+"?usage="+strconv.FormatBool(usage), &s)
	return s, err
}

// Ask is Project's.
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) {
	var a Answer
	with := c.http
	if r.Verb == VerbPlan || r.Verb == VerbReload || r.Verb == VerbInspect {
		with = c.reading
	}
	body, err := c.sendWith(ctx, with, http.MethodPost, pathAsk, r)
	if err != nil {
		return a, err
	}
	return a, c.read(ctx, body, &a)
}

// Events is Project's.
func (c *Client) Events(ctx context.Context, since uint64, each func(Event) error) error {
	err := c.stream(ctx, http.MethodGet, pathEvents+"?since="+strconv.FormatUint(since, 10), nil, func(line []byte) error {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("cannot understand the running lhrun: %w", err)
		}
		return each(e)
	})
	if err == nil && ctx.Err() == nil {
		err = c.lost(io.ErrUnexpectedEOF) // It ends with a failure or not at all.
	}
	return err
}

// Logs is Project's.
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	return c.stream(ctx, http.MethodPost, pathLogs, q, func(line []byte) error {
		var l wireLine
		if err := json.Unmarshal(line, &l); err != nil {
			return fmt.Errorf("cannot understand the running lhrun: %w", err)
		}
		return each(l.line())
	})
}

// Hold is Holder's.
func (c *Client) Hold(ctx context.Context, services []string, alone bool, held func(Answer) error) error {
	path := pathHold
	if alone {
		path += "?no_deps=true"
	}
	return c.stream(ctx, http.MethodPost, path, services, func(line []byte) error {
		var a Answer
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("cannot understand the running lhrun: %w", err)
		}
		return held(a)
	})
}

func (c *Client) stream(ctx context.Context, method, path string, body any, each func(line []byte) error) error {
	in, err := c.send(ctx, method, path, body)
	if ctx.Err() != nil {
		err = nil
	}
	if in == nil {
		return err
	}
	defer in.Close()
	var own error
	err = readStream(in, func(line []byte) error {
		own = each(line)
		return own
	})
	switch {
	case own != nil:
		return own
	case ctx.Err() != nil:
		return nil
	case isTransport(err):
		return c.lost(err)
	}
	return err
}

func (c *Client) get(ctx context.Context, path string, v any) error {
	body, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return c.read(ctx, body, v)
}

// read takes the whole of an answer. What a newer lhrun adds is passed over.
func (c *Client) read(ctx context.Context, body io.ReadCloser, v any) error {
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, 64<<20))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return c.lost(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("cannot understand the running lhrun: %w", err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, v any) (io.ReadCloser, error) {
	return c.sendWith(ctx, c.http, method, path, v)
}

// sendWith returns the body of a good answer, and the error of a bad one. A v that is an
// io.Reader is sent as it comes.
func (c *Client) sendWith(ctx context.Context, with *http.Client, method, path string, v any) (io.ReadCloser, error) {
	body, flows := v.(io.Reader)
	if v != nil && !flows {
		data, err := encode(v)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+host+path, body)
	if err != nil {
		return nil, err
	}
	introduce(req.Header)
	resp, err := with.Do(req)
	if err != nil {
		return nil, c.refused(ctx, err)
	}
	theirs, err := meet(resp.Header, int(c.pid.Load()))
	if err == nil && !theirs {
		err = fmt.Errorf("what listens on %s%s is no lhrun", c.path, c.who())
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		var f failure
		if err = c.read(ctx, resp.Body, &f); err == nil {
			err = f.err()
		}
	}
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}

// refused finds out what is behind the error of a request that got no answer.
func (c *Client) refused(ctx context.Context, err error) error {
	var u unreachable
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrNotRunning):
		return ErrNotRunning
	case c.Unresponsive != nil && errors.As(err, new(noAnswer)):
		return c.Unresponsive()
	case errors.As(err, &u):
		return fmt.Errorf("cannot reach the running lhrun: %w", u)
	case isTransport(err):
		return c.lost(err)
	}
	return fmt.Errorf("cannot ask the running lhrun: %w", errors.Unwrap(err))
}

func (c *Client) lost(err error) error {
	return fmt.Errorf("%w: lhrun%s ended unexpectedly (%v)", ErrLost, c.who(), err)
}
