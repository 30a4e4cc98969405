package control

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// askThrough asks who answers as serve does.
func askThrough(t *testing.T, ctx context.Context, serve func(net.Conn)) (*http.Response, error) {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
			serve(far)
		}
	}()
	t.Cleanup(func() {
		_ = near.Close()
		<-done
	})
	o := oneShot{func(context.Context) (net.Conn, error) { return near, nil }, 50 * time.Millisecond}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return o.RoundTrip(req)
}

// Who does not answer in time may be suspended, and is not gone.
func TestNoAnswerIsNoEnd(t *testing.T) {
	_, err := askThrough(t, t.Context(), func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	if err == nil || !strings.Contains(err.Error(), "no answer within 50ms") || isTransport(err) {
		t.Errorf("%v", err)
	}
}

func TestTheHeadOfAnAnswerIsBounded(t *testing.T) {
	_, err := askThrough(t, t.Context(), func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = io.WriteString(c, "X-More: "+strings.Repeat("x", 100)+"\r\n")
		}
	})
	if err == nil || !strings.Contains(err.Error(), "no end") {
		t.Errorf("%v", err)
	}
}

// A stream lasts longer than the patience for its head, and as long as its context.
func TestABodyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := askThrough(t, ctx, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		time.Sleep(150 * time.Millisecond)
		_, _ = io.WriteString(c, "late")
		_, _ = io.Copy(io.Discard, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var late [4]byte
	if _, err := io.ReadFull(resp.Body, late[:]); err != nil || string(late[:]) != "late" {
		t.Errorf("%q %v", late, err)
	}
	cancel()
	if n, err := resp.Body.Read(late[:]); err == nil {
		t.Errorf("%d bytes after the end", n)
	}
}

// A run that freezes between two requests is told as one that does not answer at all.
func TestARunThatFreezesAfterItsGreetingIsTold(t *testing.T) {
	freed := make(chan struct{})
	defer close(freed)
	c := dialed(t, serve(t, &fake{snapshot: func() Snapshot { <-freed; return Snapshot{} }}))
	c.http.Transport = oneShot{c.connect, 50 * time.Millisecond}
	if _, err := c.Snapshot(t.Context(), false); err == nil || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Errorf("got %v", err)
	}
	suspended := errors.New("it is suspended")
	c.Unresponsive = func() error { return suspended }
	if _, err := c.Snapshot(t.Context(), false); !errors.Is(err, suspended) {
		t.Errorf("got %v", err)
	}
}
