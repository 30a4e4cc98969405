package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzServer sends any bytes to the socket. The answers are HTTP, whole, and JSON
// where it is ours; no order comes through but a good one; others are still served.
func FuzzServer(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "GET", "GET /hello HTTP/1.1\r\n" + head + "\r\n",
		"GET /snapshot?usage=true HTTP/1.1\r\n" + head + "\r\nGET /events?since=0 HTTP/1.1\r\n" + head + "\r\n",
		post(pathAsk, `{"verb":"start","services":["api"],"missing":true}`),
		post(pathAsk, `{"verb":"start","stay":true}`),
		post(pathAsk, `{"verb":"reload","services":["api"],"restart":true,"no_deps":true}`),
		post(pathLogs, `{"last":3,"since":"2026-01-02T15:04:05Z","grep":"x","follow":true,"after":{"api":-5}}`),
		"POST /attach?service=api HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n" +
			"15\r\n{\"rows\":9,\"cols\":99}\n\r\n11\r\n{\"typed\":\"eA==\"}\n\r\n0\r\n\r\n",
		post(pathAttach+"?service=api", `{"typed":1}`),
		"POST /ask HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ver\r\n0\r\n\r\n",
		"POST /ask HTTP/1.1\r\n" + head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET http://lhrun/hello HTTP/1.0\r\n" + head + "\r\n",
		"CONNECT lhrun:80 HTTP/1.1\r\n" + head + "\r\n", "OPTIONS * HTTP/1.1\r\n" + head + "\r\n",
	} {
		f.Add([]byte(seed))
	}
	project := &fake{
		events: func(_ context.Context, _ uint64, each func(Event) error) error {
			return errors.Join(each(Event{Seq: 1}), ErrEnded)
		},
		logs: func(_ context.Context, q LogQuery, each func(LogLine) error) error {
			if err := q.check(); err != nil {
				f.Errorf("a bad query came through: %+v, %v", q, err)
			}
			return each(LogLine{Text: "a"})
		},
		attach: func(ctx context.Context, keys <-chan Keys, each func(Shown) error) error {
			for {
				select {
				case k, ok := <-keys:
					if !ok {
						return nil
					}
					if err := each(Shown{Output: k.Typed}); err != nil {
						return err
					}
				case <-ctx.Done():
					return nil
				}
			}
		},
	}
	path := serve(f, project)
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := rawConn(t, path)
		_ = conn.SetDeadline(time.Now().Add(patience))
		go func() {
			_, _ = conn.Write(data)
			_ = conn.CloseWrite()
		}()
		answers := bufio.NewReader(conn)
		for {
			if _, err := answers.Peek(1); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("it hangs")
				}
				break
			}
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("no HTTP: %v", err)
			}
			body, err := io.ReadAll(resp.Body)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("an answer hangs")
			}
			_ = resp.Body.Close()
			if resp.Header.Get("Content-Type") == typeJSON && len(body) > 0 && !json.Valid(body) {
				t.Fatalf("no JSON: %q", body)
			}
		}
		if _, err := dialed(t, path).Snapshot(ctxOf(t), false); err != nil {
			t.Fatalf("nobody else is served: %v", err)
		}
		project.mu.Lock()
		defer project.mu.Unlock()
		for _, r := range project.asked {
			if !slices.Contains(slices.Concat(serviceVerbs, fileVerbs, projectVerbs), r.Verb) {
				t.Errorf("a bad order came through: %+v", r)
			}
		}
		project.asked = nil
	})
}

// FuzzStream reads any bytes as a stream: what a client makes of it is whole
// objects or an error. What the server writes comes back as it was.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", "{}\n", `{"seq":1,"kind":"state","service":{"name":"api","state":"ready","started_at":null}}` + "\n",
		`{"error":"there is no service \"x\"","kind":"mistake"}`, `{"error":1}`, "{\"seq\":1}\n{\"se",
		`{"service":"api","time":"2026-01-02T15:04:05.123Z","text":"","raw":"/w=="}`, "null\n[]\n",
		`{"since":"0000-00-00T00:00:00Z"}`, strings.Repeat("x", 70<<10),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := 0
		_ = readStream(bytes.NewReader(data), func(line []byte) error {
			if lines++; bytes.ContainsRune(line, '\n') || len(line) == 0 {
				t.Errorf("no line: %q", line)
			}
			var e Event
			var l wireLine
			if json.Unmarshal(line, &e) == nil {
				if _, err := encode(e); err != nil {
					t.Errorf("%q is read and can't be written: %v", line, err)
				}
			}
			_ = json.Unmarshal(line, &l)
			return nil
		})
		if lines > bytes.Count(data, []byte{'\n'})+1 {
			t.Errorf("%d lines of %q", lines, data)
		}
		in := LogLine{Service: "api", Text: string(data)}
		b, err := encode(toWire(in))
		if err != nil {
			t.Fatal(err)
		}
		var out LogLine
		err = readStream(bytes.NewReader(b), func(line []byte) error {
			var w wireLine
			err := json.Unmarshal(line, &w)
			out = w.line()
			return err
		})
		if len(b) <= maxLine && (err != nil || out != in) {
			t.Errorf("%q came as %q, %v", in.Text, out.Text, err)
		}
	})
}

// FuzzKeys reads any bytes as what somebody types: that is keys, each as a client can send
// them again, or an error.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}\n", `{"typed":"eA=="}` + "\n" + `{"rows":24,"cols":80}` + "\n", `{"typed":"eA"}` + "\n",
		`{"rows":-1}` + "\n", `{"rows":70000}` + "\n", `{"tiped":""}` + "\n", `{} {}` + "\n", "{}", strings.Repeat("x", 70<<10),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys := make(chan Keys, 1+bytes.Count(data, []byte{'\n'}))
		var read []Keys
		if err := readKeys(bytes.NewReader(data), func(k Keys) error {
			read = append(read, k)
			keys <- k
			return nil
		}); err != nil && len(data) == 0 {
			t.Error(err)
		}
		close(keys)
		var sent bytes.Buffer
		if err := writeKeys(t.Context(), &sent, keys); err != nil {
			t.Fatal(err)
		}
		var typed, again []byte
		for _, k := range read {
			typed = append(typed, k.Typed...)
		}
		if err := readKeys(&sent, func(k Keys) error {
			again = append(again, k.Typed...)
			return nil
		}); err != nil || !bytes.Equal(typed, again) {
			t.Errorf("%q came as %q, %v", typed, again, err)
		}
	})
}
