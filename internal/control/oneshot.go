package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"time"
)

// oneShot is an http.RoundTripper with a connection for each request: on a socket of
// this machine one costs less than to keep it, for which http.Transport has two
// goroutines, in a short verb mostly two threads.
type oneShot struct {
	connect func(context.Context) (net.Conn, error)
	// patience is for the beginning of an answer.
	patience time.Duration
}

func (o oneShot) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	conn, err := o.connect(ctx)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(o.patience))
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	resp, err := converse(conn, r)
	if err != nil {
		stop()
		_ = conn.Close()
		if errors.Is(err, os.ErrDeadlineExceeded) { // Who does not answer is not gone.
			err = noAnswer(o.patience)
		}
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	resp.Body = lastBody{resp.Body, conn, stop}
	return resp, nil
}

// noAnswer is the error of a request that was not answered for so long.
type noAnswer time.Duration

func (n noAnswer) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(n)) }

// converse sends r and reads the head of its answer. A body that can't be had twice flows
// on beside the answer.
func converse(conn net.Conn, r *http.Request) (*http.Response, error) {
	last := r.Clone(r.Context())
	last.Close = true
	if r.Body != nil && r.GetBody == nil {
		go func() { _ = last.Write(conn) }() // It ends with the connection.
	} else if err := last.Write(conn); err != nil {
		return nil, err
	}
	head := &io.LimitedReader{R: conn, N: maxHead}
	resp, err := http.ReadResponse(bufio.NewReader(head), last)
	switch {
	case err == nil:
		head.N = math.MaxInt64 // The body has bounds of its own.
	case head.N <= 0:
		err = errors.New("the head of its answer has no end")
	}
	return resp, err
}

// lastBody takes the connection with it.
type lastBody struct {
	io.ReadCloser
	conn net.Conn
	stop func() bool
}

func (b lastBody) Close() error {
	b.stop()
	return b.conn.Close()
}
