package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

// discard takes what http would print of clients and services that break off.
var discard = log.New(io.Discard, "", 0)

// upstream speaks to one service: at most mostConnections requests at a time, and then
// they queue. What stays open for long does not count.
type upstream struct {
	tracker *tracker
	service string
	// observe is Options.Observe.
	observe func(service string, c net.Conn) net.Conn
	slots   chan struct{}
	// since is when the process began that the pooled connections lead to.
	since atomic.Int64
	// pooled connections are used again, for what may be asked again. A fresh one tells
	// for certain, when it ends, whether the service had read of the request.
	pooled, fresh, grpc *http.Transport
}

const (
	mostConnections = 64
	dialPatience    = 5 * time.Second
	// dialPause is between tries to reach a ready service that does not listen: it is
	// about to be known that it is not ready.
	dialPause = 20 * time.Millisecond
)

// upstreamError is a service's failure to answer.
type upstreamError struct {
	service string
	err     error
}

func (e *upstreamError) Error() string {
	return fmt.Sprintf("%s ended the connection before it had answered: %v", e.service, e.err)
}

func (e *upstreamError) Unwrap() error { return e.err }

func serviceOf(err error) string {
	if e, ok := errors.AsType[*upstreamError](err); ok {
		return e.service
	}
	return ""
}

var (
	// errNobody says that nobody listens where the service does, errNoRoom that this
	// process cannot connect for the moment. Nothing was passed on.
	errNobody = errors.New("nobody listens")
	errNoRoom = errors.New("there is no descriptor left")
)

func newUpstream(t *tracker, service string, observe func(service string, c net.Conn) net.Conn) *upstream {
	u := &upstream{tracker: t, service: service, observe: observe, slots: make(chan struct{}, mostConnections)}
	u.pooled, u.fresh, u.grpc = u.transport(), u.transport(), u.transport()
	u.fresh.DisableKeepAlives = true
	u.grpc.Protocols = new(http.Protocols)
	u.grpc.Protocols.SetUnencryptedHTTP2(true)
	u.grpc.Protocols.SetHTTP2(true)
	return u
}

func (u *upstream) transport() *http.Transport {
	return &http.Transport{
		DialContext: u.dial,
		// The kernel has told that the service itself listens there.
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: true}, //nolint:gosec
		MaxIdleConnsPerHost:   mostConnections,
		IdleConnTimeout:       idlePatience,
		ExpectContinueTimeout: time.Minute, // The service decides whether it wants the body.
		DisableCompression:    true,
	}
}

// dial goes to the address of the service's port on which somebody listens.
func (u *upstream) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	s, known := view.ServiceNamed(u.tracker.now().snap, u.service)
	if !known || s.Port == 0 {
		return nil, errNobody
	}
	d := net.Dialer{Timeout: dialPatience}
	var err error
	for _, host := range []string{"127.0.0.1", "::1"} {
		var c net.Conn
		if c, err = d.DialContext(ctx, network, net.JoinHostPort(host, strconv.Itoa(s.Port))); err == nil {
			if u.observe != nil {
				c = u.observe(u.service, c)
			}
			return c, nil
		}
	}
	if isFull(err) {
		return nil, errNoRoom
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		return nil, errNobody
	}
	return nil, err
}

// RoundTrip implements http.RoundTripper. It waits until the service is ready, and again
// where it turned out not to be before it had read of the request.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	p, _ := r.Context().Value(patienceKey{}).(patience)
	body := newReplay(r.Body)
	for repeats := 0; ; {
		s, err := u.tracker.await(r.Context(), u.service, p)
		if err != nil {
			return nil, err
		}
		response, err := u.try(r, s, body)
		switch {
		case err == nil:
			return response, nil
		case r.Context().Err() != nil:
			return nil, err
		case !u.mayTryAgain(r, s, body, err, &repeats), !body.rewind():
			return nil, &upstreamError{u.service, err}
		}
		if err := u.retry(r.Context(), s, p); err != nil {
			return nil, err
		}
	}
}

// try passes r on once.
func (u *upstream) try(r *http.Request, s control.Service, body *replay) (*http.Response, error) {
	transport := u.via(r, s)
	if transport == u.grpc || staysOpen(r) {
		return transport.RoundTrip(u.outgoing(r, s, body))
	}
	select {
	case u.slots <- struct{}{}:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	free := sync.OnceFunc(func() { <-u.slots })
	response, err := transport.RoundTrip(u.outgoing(r, s, body))
	if err != nil {
		free()
		return nil, err
	}
	response.Body = &freeing{response.Body, free}
	return response, nil
}

// freeing gives a slot back with the end of an answer.
type freeing struct {
	io.ReadCloser
	free func()
}

func (f *freeing) Close() error {
	f.free()
	return f.ReadCloser.Close()
}

func staysOpen(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// retry waits for news of a service that was thought to be ready.
func (u *upstream) retry(ctx context.Context, s control.Service, p patience) error {
	m := u.tracker.now()
	if time.Now().After(p.until) {
		return u.tracker.refuse(http.StatusGatewayTimeout, m, s)
	}
	timer := time.NewTimer(dialPause)
	defer timer.Stop()
	select {
	case <-m.over:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// via chooses the connections for r. Those to a former process are given up.
func (u *upstream) via(r *http.Request, s control.Service) *http.Transport {
	if s.StartedAt != nil {
		if began := s.StartedAt.UnixNano(); u.since.Swap(began) != began {
			for _, t := range []*http.Transport{u.pooled, u.grpc} {
				t.CloseIdleConnections()
			}
		}
	}
	switch {
	case r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		return u.grpc
	case mayRepeat(r):
		return u.pooled
	case r.Header.Get("Upgrade") != "":
		return u.pooled // It is nobody else's any more, once it is upgraded.
	}
	return u.fresh
}

// outgoing is r for one try.
func (u *upstream) outgoing(r *http.Request, s control.Service, body *replay) *http.Request {
	out := r.Clone(r.Context())
	// Whatever name it came by, it shares the connections to the service.
	out.URL.Host = u.service
	if strings.HasPrefix(s.URL, "https://") {
		out.URL.Scheme, out.URL.Host = "https", "localhost"
	}
	if r.Body != nil && r.Body != http.NoBody {
		out.Trailer = announced(r.Context())
		out.Body = &trailing{body.reader(), r.Context(), out.Trailer}
	}
	return out
}
