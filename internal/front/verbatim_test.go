package front

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestPathsComeAsTheyWereSent, those that net/url would write otherwise too.
func TestPathsComeAsTheyWereSent(t *testing.T) {
	addr, came := recorder(t, "HTTP/1.1 200 OK\nContent-Length: 0\n\n")
	s := serve(t, addr, nil, nil)
	for _, uri := range []string{"/a|b^c`{}", "/\xc3\xbc\"<>?", "/x?a|b\"", "/?", "/%7c|%2F", "//a//b", "/a;b=c,d"} {
		s.get("GET " + uri + " HTTP/1.1\nHost: " + webHost + "\nConnection: close\n\n")
		if line, _, _ := strings.Cut(<-came, "\r\n"); line != "GET "+uri+" HTTP/1.1" {
			t.Errorf("%q came as %q", uri, line)
		}
	}
	s.get("GET http://" + webHost + "/a|b?c HTTP/1.1\nHost: other\nConnection: close\n\n")
	if line, _, _ := strings.Cut(<-came, "\r\n"); line != "GET /a%7Cb?c HTTP/1.1" {
		t.Errorf("a whole URL came as %q", line)
	}
	s.get("OPTIONS * HTTP/1.1\nHost: " + webHost + "\nConnection: close\n\n")
	if line, _, _ := strings.Cut(<-came, "\r\n"); line != "OPTIONS * HTTP/1.1" {
		t.Errorf("came %q", line)
	}
	if response, _ := s.get("OPTIONS * HTTP/1.1\nHost: other\nConnection: close\n\n"); response.StatusCode != 421 {
		t.Errorf("another name: %s", response.Status)
	}
	if response, _ := s.get("CONNECT " + webHost + ":1 HTTP/1.1\nHost: " + webHost + "\nConnection: close\n\n"); response.StatusCode != 405 {
		t.Errorf("CONNECT: %s", response.Status)
	}
}

// TestNothingInAPathEndsTheRequestLine, which HTTP/2 does not have.
func TestNothingInAPathEndsTheRequestLine(t *testing.T) {
	addr, came := recorder(t, "HTTP/1.1 200 OK\nContent-Length: 0\n\n")
	s := serve(t, addr, nil, nil)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	for query, want := range map[string]int{"q=1": 200, "q HTTP/1.1": 400} {
		response, err := transport.RoundTrip(&http.Request{
			Method: "GET", Host: webHost, Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: s.addr, Path: "/a", RawQuery: query},
		})
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %s", query, response.Status)
		}
	}
	if line, _, _ := strings.Cut(<-came, "\r\n"); line != "GET /a?q=1 HTTP/1.1" || len(came) > 0 {
		t.Errorf("came %q and %d more", line, len(came))
	}
}

// TestTrailersOfARequestComeThrough, announced or not, and not those that would forge.
func TestTrailersOfARequestComeThrough(t *testing.T) {
	got := make(chan string, 1)
	s := serve(t, service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got <- fmt.Sprint(string(body), r.Trailer, err)
	})), nil, nil)
	for _, announce := range []string{"", "Trailer: X-Sum, X-None\n"} {
		s.get("POST / HTTP/1.1\nHost: " + webHost + "\n" + announce + "Transfer-Encoding: chunked\nConnection: close\n\n" +
			"5;ext=1\nhello\n0\nX-Sum: 7\nX-Forwarded-For: 6.6.6.6\nX_Forwarded_For: 6.6.6.6\nHost: evil\nContent-Type: x\n\n")
		want := "hellomap[X-Sum:[7]] <nil>"
		if announce != "" {
			want = "hellomap[X-None:[] X-Sum:[7]] <nil>"
		}
		if text := <-got; text != want {
			t.Errorf("%q: came %s, want %s", announce, text, want)
		}
	}
}

// TestNoHeaderPassesForTheFrontsOwn where dashes are written as underscores.
func TestNoHeaderPassesForTheFrontsOwn(t *testing.T) {
	addr, came := recorder(t, "HTTP/1.1 200 OK\nContent-Length: 0\n\n")
	s := serve(t, addr, nil, nil)
	s.get("GET / HTTP/1.1\nHost: " + webHost + "\nX_Forwarded_For: 6.6.6.6\nx-forwarded_proto: gopher\nX_Other: kept\nConnection: close\n\n")
	if head := <-came; strings.Contains(head, "6.6.6.6") || strings.Contains(head, "gopher") || !strings.Contains(head, "kept") {
		t.Errorf("came %q", head)
	}
}

// TestSilentConnectionsKeepNobodyOut: the eldest give way, and those that spoke stay.
func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	s := serve(t, service(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})), nil, nil)
	spoke, _ := s.raw("GET / HTTP/1.1\nHost: " + webHost + "\n")
	first, _ := s.raw("")
	for range 2 * mostSilent {
		s.raw("")
	}
	began := time.Now()
	if response, _ := s.get(plainGet); response.StatusCode != 200 {
		t.Error(response.Status)
	}
	if took := time.Since(began); took > silence/2 {
		t.Errorf("it was let in after %s", took)
	}
	if _, err := first.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the eldest: %v", err)
	}
	if _, err := io.WriteString(spoke, "Connection: close\r\n\r\n"); err != nil {
		t.Error(err)
	}
	if response, err := http.ReadResponse(bufio.NewReader(spoke), nil); err != nil || response.StatusCode != 200 {
		t.Errorf("the one that spoke: %v, %v", response, err)
	}
}

// FuzzPath: what a service gets is one request line, and the path that came.
func FuzzPath(f *testing.F) {
	for _, uri := range []string{"/", "/a|b?c", "//x", "/a b", "/?", "*", "/\x7f", "/%zz"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		u, err := url.ParseRequestURI(uri)
		if err != nil || !isOneWord(uri) {
			return
		}
		in := &http.Request{URL: u, RequestURI: uri}
		out := &http.Request{URL: &url.URL{Scheme: "http", Host: "x", Path: u.Path, RawPath: u.RawPath}}
		pathAsItCame(out, in)
		got := out.URL.RequestURI()
		if strings.ContainsAny(got, " \r\n") {
			t.Errorf("%q becomes %q", uri, got)
		}
		if strings.HasPrefix(uri, "/") && !strings.HasPrefix(uri, "//") && got != uri {
			t.Errorf("%q becomes %q", uri, got)
		}
	})
}
