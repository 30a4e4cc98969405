package front

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRun is a run of one service, web, of which the test decides how it is.
type fakeRun struct {
	mu     sync.Mutex
	snap   control.Snapshot
	events []control.Event
	more   chan struct{}
	// seen is the number of the last event that the front has taken in.
	seen atomic.Uint64
}

func (f *fakeRun) Snapshot(context.Context, bool) (control.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen.Store(f.snap.Seq)
	return f.snap, nil
}

func (f *fakeRun) Events(ctx context.Context, since uint64, each func(control.Event) error) error {
	for {
		f.mu.Lock()
		events, more := f.events[since:], f.more
		f.mu.Unlock()
		for _, e := range events {
			since = e.Seq
			if err := each(e); err != nil {
				return err
			}
			f.seen.Store(e.Seq)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil
		}
	}
}

func (f *fakeRun) Logs(context.Context, control.LogQuery, func(control.LogLine) error) error {
	return nil
}

func (f *fakeRun) Ask(context.Context, control.Request) (control.Answer, error) {
	return control.Answer{}, nil
}

// become changes how web is, and returns when the front knows.
func (f *fakeRun) become(change func(*control.Service)) {
	for seq := f.change(change); f.seen.Load() < seq; {
		time.Sleep(100 * time.Microsecond)
	}
}

func (f *fakeRun) change(change func(*control.Service)) (seq uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.snap.Services[0]
	change(&s)
	f.snap.Services = []control.Service{s}
	f.snap.Seq++
	f.events = append(f.events, control.Event{Seq: f.snap.Seq, Kind: supervisor.EventState, Service: &s})
	close(f.more)
	f.more = make(chan struct{})
	return f.snap.Seq
}

func (f *fakeRun) is(state supervisor.State, reason string) {
	f.become(func(s *control.Service) { s.State, s.Reason = state, reason })
}

// stage is a front before one service.
type stage struct {
	t    *testing.T
	run  *fakeRun
	addr string
}

const webHost = "web.shop.localhost"

// serve puts a front before the service at upstream, which is ready.
func serve(t *testing.T, upstream net.Addr, authority Authority, change func(*control.Snapshot)) *stage {
	t.Helper()
	began := control.Time{Time: time.Now()}
	web := control.Service{
		Name: "web", Type: "service", State: supervisor.StateReady, Wanted: true, StartedAt: &began,
		URL: "http://" + upstream.String(), Port: upstream.(*net.TCPAddr).Port, Names: []string{webHost},
	}
	run := &fakeRun{more: make(chan struct{}), snap: control.Snapshot{
		Project: "shop", Instance: "main", Front: &control.Front{Port: 1, WaitMS: 60_000}, Services: []control.Service{web},
	}}
	if change != nil {
		change(&run.snap)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, run, []net.Listener{l}, Options{Authority: authority}) }()
	t.Cleanup(func() {
		end()
		if err := <-served; err != nil {
			t.Error("Serve:", err)
		}
	})
	return &stage{t: t, run: run, addr: l.Addr().String()}
}

// service serves h until the test ends.
func service(t *testing.T, h http.Handler) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr()
}

// raw sends text, with CRLF for each line feed, and returns the connection.
func (s *stage) raw(text string) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		s.t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// get sends one request and returns the answer with its body.
func (s *stage) get(text string) (*http.Response, string) {
	s.t.Helper()
	_, r := s.raw(text)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

const plainGet = "GET / HTTP/1.1\nHost: " + webHost + "\nConnection: close\n\n"
