package front

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func TestARequestWaitsUntilItsServiceIsReady(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(hello)), nil, nil)
	for _, state := range []supervisor.State{
		supervisor.StateWaiting, supervisor.StateStarting, supervisor.StateUnhealthy, supervisor.StateStopping,
		supervisor.StateBackoff, supervisor.StateStopped, supervisor.StateFailed,
	} {
		s.run.become(func(web *control.Service) {
			// A stopped or failed one is about to start again.
			web.State, web.Restarting = state, state == supervisor.StateFailed
		})
		answered := make(chan string, 1)
		go func() { _, body := s.get(plainGet); answered <- body }()
		select {
		case body := <-answered:
			t.Errorf("%s: %q at once", state, body)
			continue
		case <-time.After(50 * time.Millisecond):
		}
		s.run.is(supervisor.StateReady, "")
		if body := <-answered; body != "hello" {
			t.Errorf("%s: %q", state, body)
		}
	}
}

func TestWhatWillNotBeReadyAnswersAtOnceWithItsReason(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(hello)), nil, nil)
	for _, state := range []supervisor.State{supervisor.StateFailed, supervisor.StateStopped} {
		s.run.become(func(web *control.Service) { web.State, web.Reason, web.Wanted = state, "exited with code 7", false })
		response, body := s.get(plainGet)
		if response.StatusCode != 503 || !strings.Contains(body, "exited with code 7") || response.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %s, %q", state, response.Status, body)
		}
	}
}

func TestWhoWaitsTooLongIsTold(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(hello)), nil, func(snap *control.Snapshot) {
		snap.Front.WaitMS = 100
		snap.Services[0].State, snap.Services[0].Reason = supervisor.StateStarting, "nothing listens on its port yet"
	})
	response, body := s.get(plainGet)
	if response.StatusCode != 504 || !strings.Contains(body, "nothing listens on its port yet") {
		t.Errorf("%s, %q", response.Status, body)
	}
}

func TestAPageLoadSeesWhyAndGoesOnByItself(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(hello)), nil, func(snap *control.Snapshot) {
		snap.Services[0].State, snap.Services[0].Reason = supervisor.StateStarting, "waits for <b>db</b>"
	})
	page := strings.Replace(plainGet, "Connection", "Accept: text/html\nSec-Fetch-Mode: navigate\nConnection", 1)
	response, body := s.get(page)
	if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, %v", response.Status, response.Header)
	}
	for _, want := range []string{"<h1>web</h1>", "waits for &lt;b&gt;db&lt;/b&gt;", `http-equiv="refresh" content="1"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
	s.run.is(supervisor.StateReady, "")
	if _, body := s.get(page); body != "hello" {
		t.Errorf("then %q", body)
	}
}

func TestOtherNamesAreToldNothing(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(hello)), nil, nil)
	for _, host := range []string{"127.0.0.1", "localhost", "shop.localhost", "api.shop.localhost", "evil.example", "web.shop.localhost.evil.example", ""} {
		response, body := s.get("GET / HTTP/1.1\nHost: " + host + "\nConnection: close\n\n")
		if response.StatusCode != 421 || body != "" || len(response.Header) > 1 {
			t.Errorf("%q: %s, %v, %q", host, response.Status, response.Header, body)
		}
	}
	for _, host := range []string{"WEB.shop.LOCALHOST:80", "a.b.web.shop.localhost"} {
		if _, body := s.get("GET / HTTP/1.1\nHost: " + host + "\nConnection: close\n\n"); body != "hello" {
			t.Errorf("%q: %q", host, body)
		}
	}
}

// counter is a service that answers each request that it has accepted, and counts them.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
	busy sync.WaitGroup
}

func (c *counter) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c.busy.Go(func() {
			defer conn.Close()
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.seen[string(body)]++
			c.mu.Unlock()
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
		})
	}
}

// post has eight clients send requests, each with a body of its own, until stop is
// called, which returns when all are answered.
func (s *stage) post(all *atomic.Int64) (stop func()) {
	var clients sync.WaitGroup
	stopped := make(chan struct{})
	for i := range 8 {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stopped:
					return
				default:
				}
				text := fmt.Sprint(i, ".", n)
				response, body := s.get(fmt.Sprintf("POST / HTTP/1.1\nHost: %s\nContent-Length: %d\nConnection: close\n\n%s", webHost, len(text), text))
				if response.StatusCode != 200 || body != "hello" {
					s.t.Errorf("%s, %q", response.Status, body)
				}
				all.Add(1)
			}
		})
	}
	return func() {
		close(stopped)
		clients.Wait()
	}
}

// A service that restarts while requests come: each is answered, and came once.
func TestARestartLosesNoRequest(t *testing.T) {
	c := &counter{seen: map[string]int{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr()
	accepting := make(chan struct{})
	begin := func() {
		c.serve(l)
		close(accepting)
	}
	go begin()
	s := serve(t, addr, nil, nil)
	var all atomic.Int64
	stop := s.post(&all)
	for range 10 {
		time.Sleep(20 * time.Millisecond)
		s.run.is(supervisor.StateStopping, "")
		l.Close() // What waits to be accepted is lost with it.
		<-accepting
		c.busy.Wait()
		s.run.is(supervisor.StateStarting, "")
		time.Sleep(10 * time.Millisecond)
		if l, err = net.Listen("tcp", addr.String()); err != nil {
			t.Fatal(err)
		}
		accepting = make(chan struct{})
		go begin()
		s.run.become(func(web *control.Service) {
			web.State, web.StartedAt = supervisor.StateReady, &control.Time{Time: time.Now()}
		})
	}
	stop()
	l.Close()
	<-accepting
	c.busy.Wait()
	for text, n := range c.seen {
		if n != 1 {
			t.Errorf("%s came %d times", text, n)
		}
	}
	if all.Load() == 0 || int64(len(c.seen)) != all.Load() {
		t.Errorf("%d requests, %d came", all.Load(), len(c.seen))
	}
}
