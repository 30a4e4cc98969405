package front

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
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

// A service that restarts while requests come: each is answered, once.
func TestARestartLosesNoRequest(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			seen[string(body)]++
		}
		fmt.Fprint(w, "hello")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr()
	server := &http.Server{Handler: handler}
	go server.Serve(l)
	s := serve(t, addr, nil, nil)
	var clients sync.WaitGroup
	stop := make(chan struct{})
	total := make([]int, 8)
	for i := range total {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprint(i, ".", n)
				response, body := s.get(fmt.Sprintf("POST / HTTP/1.1\nHost: %s\nContent-Length: %d\nConnection: close\n\n%s", webHost, len(text), text))
				if response.StatusCode != 200 || body != "hello" {
					t.Errorf("%s, %q", response.Status, body)
				}
				total[i]++
			}
		})
	}
	for range 10 {
		time.Sleep(20 * time.Millisecond)
		s.run.is(supervisor.StateStopping, "")
		// It answers what it has, as one does that ends in order.
		_ = server.Shutdown(t.Context())
		s.run.is(supervisor.StateStarting, "")
		time.Sleep(10 * time.Millisecond)
		if l, err = net.Listen("tcp", addr.String()); err != nil {
			t.Fatal(err)
		}
		server = &http.Server{Handler: handler}
		go server.Serve(l)
		s.run.become(func(web *control.Service) {
			web.State, web.StartedAt = supervisor.StateReady, &control.Time{Time: time.Now()}
		})
	}
	close(stop)
	clients.Wait()
	server.Close()
	all := 0
	for _, n := range total {
		all += n
	}
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", text, n)
		}
	}
	if all == 0 || len(seen) != all {
		t.Errorf("%d requests, %d came", all, len(seen))
	}
}
