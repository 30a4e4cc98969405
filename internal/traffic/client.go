package traffic

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// mostEntry bounds an answer, in bytes.
const mostEntry = 256 << 20

// AbsentError says that there is no exchange of a number, or not any more.
type AbsentError struct{ Text string }

func (e *AbsentError) Error() string { return e.Text }

// Client reads the Store of another process, which Serve serves.
type Client struct{ http *http.Client }

// NewClient returns a Client whose connections connect makes.
func NewClient(connect func(context.Context) (net.Conn, error)) *Client {
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return connect(ctx) },
		ResponseHeaderTimeout: time.Minute,
		DisableCompression:    true,
		IdleConnTimeout:       time.Second,
	}}}
}

// Close ends the connections that wait for more requests.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// List calls each with the rows that q chooses. With q.Follow it returns when ctx has ended.
func (c *Client) List(ctx context.Context, q Query, each func(Row) error) error {
	body, err := c.ask(ctx, http.MethodPost, "/list", q)
	if err != nil {
		return err
	}
	defer body.Close()
	dec := json.NewDecoder(bufio.NewReaderSize(body, 64<<10))
	for {
		var l line
		switch err := dec.Decode(&l); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF) && !q.Follow:
			return nil
		case err != nil:
			return fmt.Errorf("the inspector ended: %w", err)
		case l.End != "":
			return errors.New(l.End)
		case l.Row != nil:
			if err := each(*l.Row); err != nil {
				return err
			}
		}
	}
}

// Show returns a whole entry, masked unless reveal. An AbsentError says that it is not there.
func (c *Client) Show(ctx context.Context, id uint64, reveal bool) (Entry, error) {
	var e Entry
	err := c.get(ctx, http.MethodGet, "/show?id="+strconv.FormatUint(id, 10)+"&reveal="+strconv.FormatBool(reveal), &e)
	return e, err
}

// Stats tells how the store is.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.get(ctx, http.MethodGet, "/stats", &s)
	return s, err
}

// Clear forgets all exchanges, and returns how many those were.
func (c *Client) Clear(ctx context.Context) (n uint64, err error) {
	err = c.get(ctx, http.MethodPost, "/clear", &n)
	return n, err
}

func (c *Client) get(ctx context.Context, method, path string, v any) error {
	body, err := c.ask(ctx, method, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, mostEntry)).Decode(v); err != nil {
		return fmt.Errorf("cannot understand the inspector: %w", err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, method, path string, v any) (io.ReadCloser, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://lhrun"+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("cannot reach the inspector: %w", errors.Unwrap(err))
	case resp.StatusCode == http.StatusOK:
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var p problem
	switch err := json.NewDecoder(io.LimitReader(resp.Body, mostQuery)).Decode(&p); {
	case err != nil:
		return nil, fmt.Errorf("cannot understand the inspector: %w", err)
	case resp.StatusCode == http.StatusNotFound:
		return nil, &AbsentError{p.Error}
	case p.Flag != "":
		return nil, &QueryError{p.Flag, errors.New(p.Error)}
	}
	return nil, errors.New(p.Error)
}
