package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// exchange sends a request as it is and returns the answer and its error text.
func exchange(t testing.TB, path, request string) (status int, text string) {
	t.Helper()
	conn := rawConn(t, path)
	_ = conn.SetDeadline(time.Now().Add(patience))
	go func() {
		_, _ = io.WriteString(conn, request)
		_ = conn.CloseWrite()
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	var f failure
	if err := json.Unmarshal(body, &f); err != nil {
		return resp.StatusCode, string(body)
	}
	return resp.StatusCode, f.Error
}

const head = "Host: lhrun\r\nLhrun-Protocol: 1\r\n"

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", path, head, len(body), body)
}

func TestWhatIsOddIsRefusedInPlainWords(t *testing.T) {
	f := &fake{}
	path := serve(t, f)
	for name, c := range map[string]struct {
		request string
		status  int
		text    string
	}{
		"path":        {"GET /snapshots HTTP/1.1\r\n" + head + "\r\n", 404, `there is no "/snapshots" here`},
		"dots":        {"GET /../snapshot HTTP/1.1\r\n" + head + "\r\n", 404, "there is no"},
		"method":      {"DELETE /ask HTTP/1.1\r\n" + head + "\r\n", 405, `/ask takes POST, not "DELETE"`},
		"verb":        {post("/ask", `{"verb":"stopp"}`), 400, `there is no verb "stopp"; there are ["start"`},
		"no verb":     {post("/ask", `{}`), 400, `there is no verb ""`},
		"field":       {post("/ask", `{"verb":"start","service":["api"]}`), 400, `unknown field "service"`},
		"type":        {post("/ask", `{"verb":1}`), 400, "cannot read the request: json: cannot unmarshal number"},
		"no body":     {post("/ask", ""), 400, "cannot read the request"},
		"two":         {post("/ask", `{"verb":"down"}{"verb":"down"}`), 400, "cannot read the request"},
		"kill":        {post("/ask", `{"verb":"stop","kill":true}`), 400, "kill goes with down, not with stop"},
		"all alone":   {post("/ask", `{"verb":"stop","no_deps":true}`), 400, "needs the names of services"},
		"part down":   {post("/ask", `{"verb":"down","services":["api"]}`), 400, "down concerns the whole project"},
		"restart":     {post("/ask", `{"verb":"stop","restart":true}`), 400, "restart goes with plan and reload"},
		"alone":       {post("/ask", `{"verb":"reload","services":["api"],"no_deps":true}`), 400, "no_deps goes with reload only where it restarts"},
		"stay":        {post("/ask", `{"verb":"restart","stay":true}`), 400, "missing and stay go with start"},
		"take":        {post("/ask", `{"verb":"take","services":["api"]}`), 400, "take needs one service, and a pid or outside"},
		"taken":       {post("/ask", `{"verb":"stop","services":["api"],"pid":7}`), 400, "pid, outside and leave go with take, not with stop"},
		"missing":     {post("/ask", `{"verb":"stop","missing":true}`), 400, "missing and stay go with start"},
		"parameter":   {"GET /snapshot?use=1 HTTP/1.1\r\n" + head + "\r\n", 400, `/snapshot does not take "use=1"`},
		"since":       {"GET /events?since=-1 HTTP/1.1\r\n" + head + "\r\n", 400, `since is the number of an event, not "-1"`},
		"log field":   {post("/logs", `{"tail":3}`), 400, `unknown field "tail"`},
		"grep":        {post("/logs", `{"grep":"a("}`), 400, `cannot look for "a(": error parsing regexp`},
		"last":        {post("/logs", `{"last":-1}`), 400, "cannot show the last -1 lines"},
		"no protocol": {"GET /snapshot HTTP/1.1\r\nHost: lhrun\r\n\r\n", 426, "the header Lhrun-Protocol: 1 is missing"},
		"other":       {"GET /snapshot HTTP/1.1\r\nHost: lhrun\r\nLhrun-Protocol: 7\r\nLhrun-Version: v9\r\n\r\n", 426, `lhrun "v9" (protocol "7") asks lhrun`},
		"host":        {"GET /snapshot HTTP/1.1\r\nHost: localhost\r\nLhrun-Protocol: 1\r\n\r\n", 403, `the host is "lhrun" here, not "localhost"`},
		"browser":     {"GET /snapshot HTTP/1.1\r\n" + head + "Origin: http://evil.example\r\n\r\n", 403, "this is not for browsers"},
		"form":        {"POST /ask HTTP/1.1\r\n" + head + "Sec-Fetch-Site: cross-site\r\nContent-Length: 15\r\n\r\n" + `{"verb":"down"}`, 403, "this is not for browsers"},
		"big header":  {"GET /snapshot HTTP/1.1\r\n" + head + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431, "431"},
		"no http":     {"hello\r\n\r\n", 400, "400"},
	} {
		status, text := exchange(t, path, c.request)
		if status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %q, want %d %q", name, status, text, c.status, c.text)
		}
	}
	if f.asked != nil {
		t.Errorf("and yet the project was asked: %+v", f.asked)
	}
}

func TestARequestIsBounded(t *testing.T) {
	f := &fake{}
	path := serve(t, f)
	long := `{"verb":"start","services":["` + strings.Repeat("x", maxBody) + `"]}`
	if status, text := exchange(t, path, post("/ask", long)); status != 400 || text != "the request is larger than 1048576 bytes" {
		t.Errorf("%d %.100q", status, text)
	}
	short := long[:maxBody-100] + `"]}`
	if status, text := exchange(t, path, post("/ask", short)); status != 200 {
		t.Errorf("%d %.100q", status, text)
	}
	// One that says it is small, and is not.
	chunked := "POST /ask HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, bytes.Repeat([]byte{' '}, 64<<10))
	if status, text := exchange(t, path, chunked+strings.Repeat(chunk, 20)); status != 400 {
		t.Errorf("%d %.100q", status, text)
	}
}

// serveWith is serve with other limits.
func serveWith(t testing.TB, p Project, change func(*limits)) (path string) {
	t.Helper()
	most := usualLimits()
	change(&most)
	path = filepath.Join(shortDir(t), "run", "test.sock")
	s, err := listenWith(path, p, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return path
}

func TestASlowRequestIsGivenUp(t *testing.T) {
	path := serveWith(t, &fake{}, func(l *limits) {
		l.header, l.body, l.idle = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	})
	for name, begin := range map[string]string{
		"nothing":      "",
		"header":       "GET /snap",
		"body":         "POST /ask HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{",
		"unread body":  "GET /hello HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{",
		"refused body": "POST /nowhere HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{",
		"chunks":       "GET /hello HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
		"next":         "GET /hello HTTP/1.1\r\n" + head + "\r\n",
	} {
		conn := rawConn(t, path)
		if _, err := io.WriteString(conn, begin); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is still open", name)
		}
	}
}

// TestASlowAnswerIsNot: neither a change that takes long, nor a stream, whatever
// its connection was used for before.
func TestASlowAnswerIsNot(t *testing.T) {
	const short = 50 * time.Millisecond
	path := serveWith(t, &fake{
		ask:      func(Request) (Answer, error) { time.Sleep(5 * short); return Answer{Seq: 7}, nil },
		snapshot: func() Snapshot { time.Sleep(5 * short); return Snapshot{Seq: 7} },
		logs: func(ctx context.Context, _ LogQuery, each func(LogLine) error) error {
			for i := range 5 {
				if err := each(LogLine{Next: int64(i)}); err != nil {
					return err
				}
				select {
				case <-time.After(short):
				case <-ctx.Done():
					return errors.New("the client is thought to be gone")
				}
			}
			return nil
		},
	}, func(l *limits) { l.header, l.body, l.answer = short, short, short })
	c := dialed(t, path)
	for range 2 {
		if a, err := c.Ask(ctxOf(t), Request{Verb: VerbReload}); err != nil || a.Seq != 7 {
			t.Error(a, err)
		}
		if s, err := c.Snapshot(ctxOf(t), false); err != nil || s.Seq != 7 {
			t.Error(s, err)
		}
		n := 0
		if err := c.Logs(ctxOf(t), LogQuery{}, func(LogLine) error { n++; return nil }); err != nil || n != 5 {
			t.Errorf("%d lines, %v", n, err)
		}
	}
}

func TestABugInAnAnswerIsNotTheEnd(t *testing.T) {
	path := serve(t, &fake{
		ask:  func(Request) (Answer, error) { panic("oops") },
		logs: func(context.Context, LogQuery, func(LogLine) error) error { panic("ouch") },
	})
	c := dialed(t, path)
	if _, err := c.Ask(ctxOf(t), Request{Verb: VerbDown}); err == nil || err.Error() != "internal error (please report): oops" {
		t.Error(err)
	}
	if _, err := c.Snapshot(ctxOf(t), false); err != nil {
		t.Error(err)
	}
	if err := c.Logs(ctxOf(t), LogQuery{}, nil); err == nil || err.Error() != "internal error (please report): ouch" {
		t.Error(err)
	}
}

func TestErrorsStayWhatTheyAre(t *testing.T) {
	var give error
	path := serve(t, &fake{ask: func(Request) (Answer, error) { return Answer{}, give }})
	c := dialed(t, path)
	ask := func() error {
		_, err := c.Ask(ctxOf(t), Request{Verb: VerbReload})
		return err
	}
	give = mistake("lhrun.toml:4:21: service %q waits for unknown service", "api")
	var m *Mistake
	if err := ask(); !errors.As(err, &m) || err.Error() != give.Error() {
		t.Error(err)
	}
	give = &PortError{"port 8080 is held by nginx"}
	var port *PortError
	if err := ask(); !errors.As(err, &port) || err.Error() != give.Error() {
		t.Error(err)
	}
	give = fmt.Errorf("cannot reload: %w", ErrEnded)
	if err := ask(); !errors.Is(err, ErrEnded) || err.Error() != give.Error() {
		t.Error(err)
	}
	give = errors.New("the disk is full")
	if err := ask(); errors.As(err, &m) || errors.Is(err, ErrEnded) || err.Error() != give.Error() {
		t.Error(err)
	}
}

// TestACrowdWaitsItsTurn: whoever says nothing has his place for a short time only.
func TestACrowdWaitsItsTurn(t *testing.T) {
	path := serveWith(t, &fake{}, func(l *limits) { l.connections, l.header = 4, 100*time.Millisecond })
	c := dialed(t, path)
	for range 50 {
		rawConn(t, path)
	}
	// Who is inside is served at once, who is not, later.
	if _, err := c.Snapshot(ctxOf(t), false); err != nil {
		t.Error(err)
	}
	if _, err := dialed(t, path).Snapshot(ctxOf(t), false); err != nil {
		t.Error(err)
	}
}

func TestAFullServerCloses(t *testing.T) {
	most := usualLimits()
	most.connections, most.stall = 1, 10*time.Millisecond
	path := filepath.Join(shortDir(t), "test.sock")
	s, err := listenWith(path, &fake{}, most)
	if err != nil {
		t.Fatal(err)
	}
	dialed(t, path)
	rawConn(t, path)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestForgottenStreamsLeaveRoomForOrders, of which one may be down.
func TestForgottenStreamsLeaveRoomForOrders(t *testing.T) {
	path := serve(t, &fake{logs: func(ctx context.Context, _ LogQuery, _ func(LogLine) error) error {
		<-ctx.Done()
		return nil
	}})
	most := usualLimits()
	begin := func(request string) (status int) {
		conn := rawConn(t, path)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	for i := range most.readers + 1 {
		if status := begin(post("/logs", `{"follow":true}`)); (status == 200) != (i < most.readers) {
			t.Fatalf("reader %d: %d", i, status)
		}
	}
	for i := most.readers; i < most.streams+1; i++ {
		if status := begin("GET /events?since=0 HTTP/1.1\r\n" + head + "\r\n"); (status == 200) != (i < most.streams) {
			t.Fatalf("stream %d: %d", i, status)
		}
	}
	c := dialed(t, path)
	if _, err := c.Ask(ctxOf(t), Request{Verb: VerbDown}); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		c.Events(ctxOf(t), 0, nil), c.Logs(ctxOf(t), LogQuery{}, nil),
	} {
		if err == nil || !strings.HasSuffix(err.Error(), " already") {
			t.Error(err)
		}
	}
}

// TestAClientThatReadsSlowlyCostsLittle: its lines wait in a bounded number of bytes.
func TestAClientThatReadsSlowlyCostsLittle(t *testing.T) {
	o := newOutbox()
	ctx, cancel := context.WithCancel(t.Context())
	var put atomic.Int64
	full := make(chan error, 1)
	line := LogLine{Text: strings.Repeat("\x01", 64<<10)} // six times as long on the wire
	go func() {
		for {
			if err := o.put(ctx, line); err != nil {
				full <- err
				return
			}
			put.Add(1)
		}
	}()
	for put.Load() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-full; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n := len(o.lines); n > maxUnsent+6*len(line.Text)+1000 {
		t.Errorf("%d bytes wait", n)
	}
}
