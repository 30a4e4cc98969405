package front

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// recorder is a service that answers each connection with answer, and tells what came.
func recorder(t *testing.T, answer string) (net.Addr, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var head strings.Builder
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					head.WriteString(line)
					if err != nil || line == "\r\n" {
						break
					}
				}
				came <- head.String()
				io.WriteString(c, strings.ReplaceAll(answer, "\n", "\r\n"))
			}()
		}
	}()
	return l.Addr(), came
}

func TestWhatCameIsPassedOn(t *testing.T) {
	addr, came := recorder(t, "HTTP/1.1 200 OK\nX-A: 1\nX-A: 2\nContent-Length: 2\n\nok")
	s := serve(t, addr, nil, nil)
	response, body := s.get("GET /a%2Fb//c/../%41?x=1;y=2&z=%zz&&q HTTP/1.1\nHost: v1.WEB.shop.localhost:7\nOrigin: null\n" +
		"Cookie: a=1; b=\"2\"\nX-Forwarded-For: 6.6.6.6\nX-Forwarded-Host: evil\nX-Forwarded-Proto: gopher\nX-Forwarded-Port: 1\n" +
		"Via: 1.0 other\nConnection: close\n\n")
	head := <-came
	_, port, _ := net.SplitHostPort(s.addr)
	for _, want := range []string{
		"GET /a%2Fb//c/../%41?x=1;y=2&z=%zz&&q HTTP/1.1\r\n", "\r\nHost: v1.WEB.shop.localhost:7\r\n", "\r\nOrigin: null\r\n",
		"\r\nCookie: a=1; b=\"2\"\r\n", "\r\nX-Forwarded-For: 127.0.0.1\r\n", "\r\nX-Forwarded-Host: v1.WEB.shop.localhost:7\r\n",
		"\r\nX-Forwarded-Proto: http\r\n", "\r\nX-Forwarded-Port: " + port + "\r\n", "\r\nVia: 1.0 other\r\n", "\r\nVia: 1.1 lhrun\r\n",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("%q lacks %q", head, want)
		}
	}
	for _, added := range []string{"User-Agent", "Accept-Encoding", "6.6.6.6", "evil", "gopher"} {
		if strings.Contains(head, added) {
			t.Errorf("%q holds %s", head, added)
		}
	}
	if got := fmt.Sprint(response.Header, body); got != "map[Content-Length:[2] X-A:[1 2]]ok" {
		t.Errorf("the answer is %s", got)
	}
}

func TestALoopEnds(t *testing.T) {
	var s *stage
	var passed atomic.Int32
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed.Add(1)
		out, _ := http.NewRequestWithContext(r.Context(), "GET", "http://"+s.addr, nil)
		out.Host, out.Header = r.Host, r.Header.Clone()
		response, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}))
	s = serve(t, addr, nil, nil)
	response, body := s.get(plainGet)
	if response.StatusCode != 508 || passed.Load() != 5 || !strings.Contains(body, "5 times") {
		t.Errorf("%s after %d, %q", response.Status, passed.Load(), body)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestACutAnswerIsCut(t *testing.T) {
	addr, _ := recorder(t, "HTTP/1.1 200 OK\nContent-Length: 100\n\nonly this")
	s := serve(t, addr, nil, nil)
	_, r := s.raw(plainGet)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) || string(body) != "only this" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestAServiceThatDoesNotAnswerIsNamed(t *testing.T) {
	addr, _ := recorder(t, "")
	s := serve(t, addr, nil, nil)
	if response, body := s.get(plainGet); response.StatusCode != 502 || !strings.HasPrefix(body, "web ended the connection") {
		t.Errorf("%s, %q", response.Status, body)
	}
}

// A WebSocket is bytes in both directions once both sides have agreed.
func TestAnUpgradedConnectionIsAPipe(t *testing.T) {
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-WebSocket-Key") != "k" {
			t.Errorf("%v", r.Header)
		}
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst")
		io.Copy(c, buffered)
	}))
	s := serve(t, addr, nil, nil)
	c, r := s.raw("GET /ws HTTP/1.1\nHost: " + webHost + "\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: k\n\n")
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != 101 {
		t.Fatal(response, err)
	}
	read := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	read("first")
	for _, text := range []string{"a", "\x81\x05hello", strings.Repeat("x", 1<<20)} {
		go io.WriteString(c, text)
		read(text)
	}
}

// Events come as they are sent, and the body of a request goes on while its answer comes.
func TestStreamsAreNotHeldUp(t *testing.T) {
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Trailer", "X-End")
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			fmt.Fprintf(w, "data: %s\n\n", lines.Text())
			rc.Flush()
		}
		w.Header().Set("X-End", "yes")
	}))
	s := serve(t, addr, nil, nil)
	body, feed := io.Pipe()
	request, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr, body)
	request.Host = webHost
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	go io.WriteString(feed, "0\n")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprint("data: ", i) || !lines.Scan() {
			t.Fatalf("event %d is %q", i, lines.Text())
		}
		fmt.Fprintln(feed, i+1)
	}
	feed.Close()
	for lines.Scan() {
	}
	if response.Trailer.Get("X-End") != "yes" {
		t.Errorf("the trailers are %v", response.Trailer)
	}
}

func TestTheServiceDecidesWhetherItWantsTheBody(t *testing.T) {
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.Copy(w, r.Body)
	}))
	s := serve(t, addr, nil, nil)
	const head = " HTTP/1.1\nHost: " + webHost + "\nContent-Length: 4\nExpect: 100-continue\nConnection: close\n\n"
	c, r := s.raw("POST /yes" + head)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	r.ReadString('\n')
	io.WriteString(c, "body")
	for { // It may be told twice to go on.
		response, err := http.ReadResponse(r, nil)
		if err == nil && response.StatusCode == http.StatusContinue {
			continue
		}
		if err != nil || response.StatusCode != 200 {
			t.Error(response, err)
		}
		break
	}
	_, r = s.raw("POST /no" + head)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 401 Unauthorized\r\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestAtMostSixtyFourConnectionsToAService(t *testing.T) {
	var now, most atomic.Int32
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(20 * time.Millisecond)
	}))
	s := serve(t, addr, nil, nil)
	answers := make(chan int, 200)
	for range cap(answers) {
		go func() {
			response, _ := s.get(plainGet)
			answers <- response.StatusCode
		}()
	}
	for range cap(answers) {
		if code := <-answers; code != 200 {
			t.Error(code)
		}
	}
	if m := most.Load(); m > mostConnections || m < 2 {
		t.Errorf("%d at once", m)
	}
}

// gRPC is HTTP/2 on both sides, with trailers, and messages both ways at once.
func TestGRPCGoesThroughAsHTTP2(t *testing.T) {
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("it came by %s", r.Proto)
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		rc := http.NewResponseController(w)
		rc.Flush()
		buf := make([]byte, 4)
		for {
			if _, err := io.ReadFull(r.Body, buf); err != nil {
				break
			}
			w.Write(buf)
			rc.Flush()
		}
		w.Header().Set("Grpc-Status", "0")
	}))
	s := serve(t, addr, nil, nil)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	body, feed := io.Pipe()
	request, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+"/svc/Method", body)
	request.Host = webHost
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for _, text := range []string{"ping", "pong"} {
		go io.WriteString(feed, text)
		got := make([]byte, 4)
		if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
	feed.Close()
	io.Copy(io.Discard, response.Body)
	if response.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("the trailers are %v", response.Trailer)
	}
}

func TestHTTPAndHTTPSShareThePort(t *testing.T) {
	authority := newAuthority(t)
	addr := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", len(r.Header["Cookie"]), " ", r.Proto)
	}))
	s := serve(t, addr, authority, func(snap *control.Snapshot) { snap.Front.Secure = true })
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	}
	transport := &http.Transport{DialContext: dial, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: authority.pool}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	request, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+webHost+"/", nil)
	request.Header["Cookie"] = []string{"a=1", "b=2"}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "https 1 HTTP/1.1" || response.ProtoMajor != 2 {
		t.Errorf("%s: %q", response.Proto, body)
	}
	if answer, _ := s.get("GET /a?b HTTP/1.1\nHost: " + webHost + ":9\nConnection: close\n\n"); answer.StatusCode != 307 ||
		answer.Header.Get("Location") != "https://"+webHost+":9/a?b" {
		t.Errorf("%s, %v", answer.Status, answer.Header)
	}
	if answer, body := s.get("POST / HTTP/1.1\nHost: " + webHost + "\nContent-Length: 0\nConnection: close\n\n"); body != "http 0 HTTP/1.1" {
		t.Errorf("%s, %q", answer.Status, body)
	}
	if _, err := tls.Dial("tcp", s.addr, &tls.Config{ServerName: "other.localhost", RootCAs: authority.pool}); err == nil {
		t.Error("a name that is nobody's has a certificate")
	}
}
