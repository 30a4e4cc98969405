package decode

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func newAny(limits Limits, emit Emit) Decoder { return New(Any, limits, emit) }

// told is an exchange in a line, for comparison.
func told(x Exchange) string {
	s := fmt.Sprintf("%s %s %s %s", x.Protocol, x.Method, x.Path, x.Status)
	if len(x.Request.Body) > 0 {
		s += fmt.Sprintf(" >%q", x.Request.Body)
	}
	if len(x.Response.Body) > 0 {
		s += fmt.Sprintf(" <%q", x.Response.Body)
	}
	for _, m := range x.Messages {
		s += fmt.Sprintf(" %s%s(%s)", [2]string{">", "<"}[m.Dir], m.Kind, m.Data)
	}
	if x.Trouble != "" {
		s += " !" + x.Trouble
	}
	return s
}

func TestHTTPConversations(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	get := func(path string) piece { return up("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n") }
	for name, c := range map[string]struct {
		pieces []piece
		want   []string
	}{
		"one":           {[]piece{get("/a?b=1"), down(ok)}, []string{`http GET /a?b=1 200 <"ok"`}},
		"kept alive":    {[]piece{get("/1"), down(ok), get("/2"), down(ok)}, []string{`http GET /1 200 <"ok"`, `http GET /2 200 <"ok"`}},
		"pipelined":     {[]piece{get("/1"), get("/2"), get("/3"), down(ok + ok), down(ok)}, []string{`http GET /1 200 <"ok"`, `http GET /2 200 <"ok"`, `http GET /3 200 <"ok"`}},
		"with a body":   {[]piece{up("POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), down("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")}, []string{`http POST /p 201 >"hello"`}},
		"head has none": {[]piece{up("HEAD /h HTTP/1.1\r\n\r\n"), down("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), get("/2"), down(ok)}, []string{`http HEAD /h 200`, `http GET /2 200 <"ok"`}},
		"none with 304": {[]piece{get("/n"), down("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"), get("/2"), down(ok)}, []string{`http GET /n 304`, `http GET /2 200 <"ok"`}},
		"continue":      {[]piece{up("PUT /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"), down("HTTP/1.1 100 Continue\r\n\r\n"), up("hi"), down(ok)}, []string{`http PUT /c 200 >"hi" <"ok"`}},
		"early hints":   {[]piece{get("/e"), down("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok)}, []string{`http GET /e 200 <"ok"`}},
		"chunks":        {[]piece{get("/k"), down("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"), get("/2"), down(ok)}, []string{`http GET /k 200 <"abcde"`, `http GET /2 200 <"ok"`}},
		"until the end": {[]piece{get("/u"), down("HTTP/1.0 200 OK\r\n\r\nall of it")}, []string{`http GET /u 200 <"all of it"`}},
		"an error":      {[]piece{get("/x"), down("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")}, []string{`http GET /x 500`}},
		"events": {[]piece{get("/s"), down("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
			down("9\r\ndata: 1\n\n\r\n"), down("9\r\ndata: 2\n\n\r\n"), down("0\r\n\r\n")},
			[]string{"sse GET /s 200 <\"data: 1\\n\\ndata: 2\\n\\n\" <event(data: 1) <event(data: 2)"}},
		"a web socket": {[]piece{up("GET /w HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"),
			down("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
			up("\x81\x82\x00\x00\x00\x00hi"), down("\x01\x02yo"), down("\x89\x01p"), down("\x80\x01!"), up("\x88\x80\x00\x00\x00\x00"), down("\x88\x00")},
			[]string{"websocket GET /w 101 >text(hi) <ping(p) <text(yo!) >close() <close()"}},
		"TLS": {[]piece{up("\x16\x03\x01\x00\x05hello"), down("\x16\x03\x03\x00\x05hello")}, []string{"tcp    !encrypted"}},
		"cut in the body": {[]piece{get("/1"), down("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")},
			[]string{`http GET /1 200 <"abc" !` + closedIn}},
	} {
		t.Run(name, func(t *testing.T) {
			got := chunkings(t, newAny, c.pieces)
			var lines []string
			for _, x := range got {
				lines = append(lines, strings.TrimRight(told(x), " "))
			}
			if strings.Join(lines, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestHTTPIsReadAsTheLibraryReadsIt compares with net/http over a connection that a real
// client and a real server had.
func TestHTTPIsReadAsTheLibraryReadsIt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.Path)
		if r.URL.Query().Has("flush") {
			w.(http.Flusher).Flush()
		}
		fmt.Fprintf(w, "%d bytes, %s", len(body), strings.Repeat("x", len(body)))
	}))
	defer server.Close()
	tap := newTap(t, server.Listener.Addr().String())
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for i := range 20 {
		path := fmt.Sprintf("/call/%d", i)
		if i%2 == 0 {
			path += "?flush"
		}
		var body io.Reader = strings.NewReader(strings.Repeat("b", i*997))
		if i%3 == 0 {
			body = io.MultiReader(body) // Its length is not known: chunks.
		}
		r, err := client.Post("http://"+tap.Addr().String()+path, "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	client.CloseIdleConnections()
	for _, conn := range tap.taken() {
		var asked, answered bytes.Buffer
		for _, p := range conn {
			map[Direction]*bytes.Buffer{Up: &asked, Down: &answered}[p.dir].WriteString(p.p)
		}
		requests, responses := bufio.NewReader(&asked), bufio.NewReader(&answered)
		for i, x := range chunkings(t, newAny, conn) {
			q, err := http.ReadRequest(requests)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(q.Body)
			r, err := http.ReadResponse(responses, q)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(r.Body)
			if x.Method != q.Method || x.Path != q.RequestURI || x.Status != fmt.Sprint(r.StatusCode) || x.Trouble != "" ||
				x.Request.Size != int64(len(body)) || !bytes.Equal(x.Request.Body, body) || !bytes.Equal(x.Response.Body, text) {
				t.Fatalf("call %d is told as %s", i, told(x))
			}
		}
	}
}

// TestHTTP2IsReadAsItsClientSeesIt with real streams that interleave.
func TestHTTP2IsReadAsItsClientSeesIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("v", 300))
		if strings.HasSuffix(r.URL.Path, "3") {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = io.Copy(w, r.Body)
	})}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(l)
	defer server.Close()
	tap := newTap(t, l.Addr().String())
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	errs := make(chan error)
	const calls = 40
	for i := range calls {
		go func() {
			path := fmt.Sprintf("/s/%d", i)
			q, _ := http.NewRequestWithContext(context.Background(), "POST", "http://"+tap.Addr().String()+path, strings.NewReader(strings.Repeat(path, i*50)))
			r, err := transport.RoundTrip(q)
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
			errs <- err
		}()
	}
	for range calls {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	transport.CloseIdleConnections()
	seen := map[string]bool{}
	for _, conn := range tap.taken() {
		for _, x := range chunkings(t, newAny, conn) {
			var i int
			if _, err := fmt.Sscanf(x.Path, "/s/%d", &i); err != nil {
				t.Fatalf("%s", told(x))
			}
			want, status := strings.Repeat(x.Path, i*50), "200"
			if strings.HasSuffix(x.Path, "3") {
				status = "418"
			}
			seen[x.Path] = true
			if x.Method != "POST" || x.Status != status || x.Trouble != "" || string(x.Request.Body) != want || string(x.Response.Body) != want {
				t.Errorf("%.200s", told(x))
			}
		}
	}
	if len(seen) != calls {
		t.Errorf("%d of %d calls were told", len(seen), calls)
	}
}

// TestACompressedBodyIsKeptAsItCame: views decompress it.
func TestACompressedBodyIsKeptAsItCame(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("hello"))
	w.Close()
	got := chunkings(t, newAny, []piece{
		up("GET / HTTP/1.1\r\n\r\n"),
		down(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", packed.Len(), packed.String())),
	})
	if len(got) != 1 || !bytes.Equal(got[0].Response.Body, packed.Bytes()) {
		t.Errorf("%v", got)
	}
}

// TestAHangingCallIsVisible before anybody has answered.
func TestAHangingCallIsVisible(t *testing.T) {
	var last Exchange
	d := newAny(DefaultLimits, func(x Exchange) { last = x })
	d.Read(Up, []byte("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"), start)
	if last.Path != "/slow" || !last.Ended.IsZero() {
		t.Errorf("%+v", last)
	}
	d.Stop("the connection was closed", start.Add(time.Second))
	if last.Ended.IsZero() || last.Trouble == "" {
		t.Errorf("%+v", last)
	}
}

// TestABodyIsKeptToItsLimit and counted whole.
func TestABodyIsKeptToItsLimit(t *testing.T) {
	size := 10 << 20
	limits := Limits{Body: 100, Messages: 10, Head: 1 << 10}
	got := feed(t, newAny, limits, []piece{
		up("GET / HTTP/1.1\r\n\r\n"),
		down(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))),
	}, func(n int) int { return min(n, 4096) })
	if len(got) != 1 || len(got[0].Response.Body) != 100 || got[0].Response.Size != int64(size) {
		t.Errorf("%d exchanges", len(got))
	}
	got = feed(t, newAny, limits, []piece{up("GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n")}, func(n int) int { return min(n, 4096) })
	if len(got) != 1 || got[0].Trouble == "" {
		t.Errorf("a head without an end is told as %v", got)
	}
}

func FuzzHTTP(f *testing.F) { fuzzDecoder(f, newAny, "http*.wire") }

func BenchmarkHTTP1(b *testing.B) {
	d := newAny(DefaultLimits, func(Exchange) {})
	ask := []byte("GET /orders/1 HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
	b.ReportAllocs()
	for b.Loop() {
		d.Read(Up, ask, start)
		d.Read(Down, answer, start)
	}
}
