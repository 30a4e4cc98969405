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
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// discard takes what http would print of clients and services that break off.
var discard = log.New(io.Discard, "", 0)

// upstream speaks to one service. Requests share connections, at most mostConnections
// of them, and then queue; what stays open for long has a connection of its own.
type upstream struct {
	tracker *tracker
	service string
	// since is when the process began that the pooled connections lead to.
	since                  atomic.Int64
	pooled, streamed, grpc *http.Transport
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

// errNobody says that nobody listens where the service does. Nothing was passed on.
var errNobody = errors.New("nobody listens")

func newUpstream(t *tracker, service string) *upstream {
	u := &upstream{tracker: t, service: service}
	u.pooled, u.streamed, u.grpc = u.transport(mostConnections), u.transport(0), u.transport(0)
	u.grpc.Protocols = new(http.Protocols)
	u.grpc.Protocols.SetUnencryptedHTTP2(true)
	u.grpc.Protocols.SetHTTP2(true)
	return u
}

func (u *upstream) transport(most int) *http.Transport {
	return &http.Transport{
		DialContext: u.dial,
		// The kernel has told that the service itself listens there.
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: true}, //nolint:gosec
		MaxConnsPerHost:       most,
		MaxIdleConnsPerHost:   mostConnections,
		IdleConnTimeout:       idlePatience,
		ExpectContinueTimeout: time.Minute, // The service decides whether it wants the body.
		DisableCompression:    true,
	}
}

// dial goes to the address of the service's port on which somebody listens.
func (u *upstream) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	s, known := u.tracker.now().service(u.service)
	if !known || s.Port == 0 {
		return nil, errNobody
	}
	d := net.Dialer{Timeout: dialPatience}
	var err error
	for _, host := range []string{"127.0.0.1", "::1"} {
		var c net.Conn
		if c, err = d.DialContext(ctx, network, address(host, s.Port)); err == nil {
			return c, nil
		}
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		return nil, errNobody
	}
	return nil, err
}

// RoundTrip implements http.RoundTripper. It waits until the service is ready, and again
// where it was not any more before anything had been passed on to it.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	p, _ := r.Context().Value(patienceKey{}).(patience)
	body := &unread{ReadCloser: r.Body}
	for {
		s, err := u.tracker.await(r.Context(), u.service, p)
		if err != nil {
			return nil, err
		}
		response, err := u.via(r, s).RoundTrip(u.outgoing(r, s, body))
		if !errors.Is(err, errNobody) || body.read.Load() {
			if err != nil && r.Context().Err() == nil {
				err = &upstreamError{u.service, err}
			}
			return response, err
		}
		if err := u.retry(r.Context(), s, p); err != nil {
			return nil, err
		}
	}
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
			for _, t := range []*http.Transport{u.pooled, u.streamed, u.grpc} {
				t.CloseIdleConnections()
			}
		}
	}
	switch {
	case r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		return u.grpc
	case r.Header.Get("Upgrade") != "", strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
		return u.streamed
	}
	return u.pooled
}

// outgoing is r for one try.
func (u *upstream) outgoing(r *http.Request, s control.Service, body *unread) *http.Request {
	out := r.Clone(r.Context())
	// Whatever name it came by, it shares the connections to the service.
	out.URL.Host = u.service
	if strings.HasPrefix(s.URL, "https://") {
		out.URL.Scheme, out.URL.Host = "https", "localhost"
	}
	if r.Body != nil && r.Body != http.NoBody {
		out.Body = body
		out.GetBody = body.again
	}
	return out
}

// unread is the body of a request, which another try can have as long as nobody has
// read of it. ReverseProxy closes the body itself.
type unread struct {
	io.ReadCloser
	read atomic.Bool
}

func (b *unread) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.ReadCloser.Read(p)
}

func (b *unread) Close() error { return nil }

func (b *unread) again() (io.ReadCloser, error) {
	if b.read.Load() {
		return nil, errors.New("the body was read")
	}
	return b, nil
}
