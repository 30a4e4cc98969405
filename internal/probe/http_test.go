package probe

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// once runs c with a bound far above what it needs.
func once(t *testing.T, c Check) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return c(ctx)
}

// serve answers with h at the URL it returns.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// refused is an address of this machine where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// raw accepts connections and hands each to h.
func raw(t *testing.T, h func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			h(conn)
		}
	}()
	return l.Addr().String()
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestHTTPStatus(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscanf(r.URL.Path, "/%d", &code)
		if code >= 300 && code < 400 {
			w.Header().Set("Location", "/500")
		}
		w.WriteHeader(max(code, 200))
	})
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/200", 0, ""},
		{"", 0, ""},
		{"/204", 0, ""},
		{"/301", 0, ""},
		{"/302", 0, ""},
		{"/399", 0, ""},
		{"/400", 0, "http 400 from /400"},
		{"/503?token=secret", 0, "http 503 from /503"},
		{"/204", 204, ""},
		{"/200", 204, "http 200 from /200, not 204"},
		{"/503", 503, ""},
		{"", 500, "http 200 from /, not 500"},
	} {
		if got := textOf(once(t, HTTP(url+c.path, c.status, ""))); got != c.want {
			t.Errorf("%q, status %d: %q, not %q", c.path, c.status, got, c.want)
		}
	}
}

func TestHTTPErrorsAreShort(t *testing.T) {
	silent := raw(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); c.Close() })
	noise := raw(t, func(c net.Conn) { io.WriteString(c, "220 smtp ready\r\n"); c.Close() })
	for _, c := range []struct{ url, want string }{
		{"http://" + refused(t) + "/", "connection refused"},
		{"http://" + silent + "/", "connection closed without an answer"},
		{"http://" + noise + "/", "malformed HTTP"},
		{"https://" + noise + "/", "the server does not speak TLS"},
		{"http:///x", "no host in"},
		{"http://127.0.0.1:bad/", "invalid port"},
		{"ftp://127.0.0.1/", "no http or https URL"},
	} {
		got := textOf(once(t, HTTP(c.url, 0, "")))
		if !strings.Contains(got, c.want) || len(got) > 100 || strings.Contains(got, "\n") {
			t.Errorf("%s: %q, not %q", c.url, got, c.want)
		}
	}
}

func TestHTTPEndsWithItsContext(t *testing.T) {
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := textOf(HTTP(url, 0, "")(ctx)); !strings.HasPrefix(got, "no answer after ") {
		t.Errorf("error %q", got)
	}
}

func TestHTTPPassesThoughTheBodyNeverEnds(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if err := once(t, HTTP(url, 0, "")); err != nil {
		t.Error(err)
	}
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	if err := once(t, HTTP(endless, 0, "")); err != nil {
		t.Error(err)
	}
}

func TestHTTPAsksNoProxy(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy)
	}
	if err := once(t, HTTP("http://"+refused(t), 0, "")); err == nil {
		t.Error("passed")
	}
}

func TestHTTPSendsUserAndPassword(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	if err := once(t, HTTP(strings.Replace(url, "//", "//me:secret@", 1), 0, "")); err != nil {
		t.Error(err)
	}
}

func TestHTTPWaitsForTheAnswerAfterAnEarlyHint(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	if got := textOf(once(t, HTTP(url+"/tea", 0, ""))); got != "http 418 from /tea" {
		t.Errorf("error %q", got)
	}
}

func TestHTTPKeepsNoConnection(t *testing.T) {
	states := make(chan http.ConnState, 100)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) { states <- s }
	server.Start()
	defer server.Close()
	if err := once(t, HTTP(server.URL, 0, "")); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case s := <-states:
			if s == http.StateIdle {
				t.Fatal("the connection is idle")
			}
			if s == http.StateClosed {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the connection is still open")
		}
	}
}

func TestHTTPTrustsLoopbackCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	if err := once(t, HTTP(server.URL, 0, "")); err != nil {
		t.Error(err)
	}
	for host, want := range map[string]bool{
		"localhost": true, "APP.localhost": true, "::1": true, "127.0.0.9": true,
		"example.com": false, "localhost.example.com": false, "10.0.0.1": false, "": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("isLoopback(%q) is %v", host, !want)
		}
	}
}

func TestTCP(t *testing.T) {
	open := raw(t, func(c net.Conn) { c.Close() })
	for _, c := range []struct{ addr, want string }{
		{open, ""},
		{refused(t), "connection refused"},
		{"127.0.0.1", "missing port in address"},
	} {
		if got := textOf(once(t, TCP(c.addr))); !strings.Contains(got, c.want) || (got == "") != (c.want == "") || len(got) > 60 {
			t.Errorf("%s: %q, not %q", c.addr, got, c.want)
		}
	}
}
