package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// answer is what a health service says to one call.
type answer struct {
	http     int
	status   string
	message  string
	body     []byte
	inHeader bool
}

func frame(message ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// healthServer speaks HTTP/2 without TLS and checks each request byte by byte.
func healthServer(t *testing.T, service string, a answer) string {
	t.Helper()
	want := frame()
	if service != "" {
		want = frame(append([]byte{0x0a, byte(len(service))}, service...)...)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Equal(body, want) {
			t.Errorf("the request is %x, not %x", body, want)
		}
		if r.ProtoMajor != 2 || r.Method != "POST" || r.URL.Path != "/grpc.health.v1.Health/Check" ||
			r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Te") != "trailers" {
			t.Errorf("%s %s %s %v", r.Proto, r.Method, r.URL, r.Header)
		}
		h := w.Header()
		h.Set("Content-Type", "application/grpc")
		prefix := http.TrailerPrefix
		if a.inHeader {
			prefix = ""
		}
		if a.status != "" {
			h.Set(prefix+"Grpc-Status", a.status)
			h.Set(prefix+"Grpc-Message", a.message)
		}
		w.WriteHeader(max(a.http, 200))
		_, _ = w.Write(a.body)
	}))
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	server.Config.Protocols = &both
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestGRPC(t *testing.T) {
	for _, c := range []struct {
		name, service string
		answer        answer
		want          string
	}{
		{"serving", "", answer{status: "0", body: frame(8, 1)}, ""},
		{"a service", "shop.Api", answer{status: "0", body: frame(8, 1)}, ""},
		{"more fields", "", answer{status: "0", body: frame(0x12, 2, 'h', 'i', 8, 1, 0x1d, 1, 2, 3, 4)}, ""},
		{"not serving", "", answer{status: "0", body: frame(8, 2)}, "NOT_SERVING"},
		{"unknown", "", answer{status: "0", body: frame()}, "UNKNOWN"},
		{"service unknown", "x", answer{status: "0", body: frame(8, 3)}, "SERVICE_UNKNOWN"},
		{"a later status", "", answer{status: "0", body: frame(8, 9)}, "health status 9"},
		{"unimplemented", "", answer{status: "12", inHeader: true, message: "unknown service"}, "UNIMPLEMENTED: it has no grpc.health.v1 service"},
		{"unimplemented in the trailer", "", answer{status: "12"}, "UNIMPLEMENTED: it has no grpc.health.v1 service"},
		{"not found", "x", answer{status: "5", inHeader: true}, `NOT_FOUND: its health service does not know "x"`},
		{"its words", "", answer{status: "14", inHeader: true, message: "still%20warming%0Aup"}, "UNAVAILABLE: still warmingup"},
		{"its words, badly written", "", answer{status: "14", inHeader: true, message: "100%"}, "UNAVAILABLE: 100%"},
		{"odd code", "", answer{status: "77", inHeader: true}, "grpc-status 77"},
		{"odd status", "", answer{status: "ok", inHeader: true}, `the answer's grpc-status is "ok"`},
		{"no status", "", answer{body: frame(8, 1)}, "the answer has no grpc-status"},
		{"http", "", answer{http: 404}, "http 404 from /grpc.health.v1.Health/Check"},
		{"empty", "", answer{status: "0"}, "cannot read the answer of /grpc.health.v1.Health/Check: it is cut short"},
		{"compressed", "", answer{status: "0", body: []byte{1, 0, 0, 0, 0}}, "cannot read the answer of /grpc.health.v1.Health/Check: it is compressed"},
		{"huge", "", answer{status: "0", body: make([]byte, 1<<20)}, "no grpc-status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := healthServer(t, c.service, c.answer)
			got := textOf(once(t, GRPC(addr, c.service, "")))
			if got != c.want && (c.name != "huge" || !strings.Contains(got, c.want)) {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

func TestGRPCErrorsAreShort(t *testing.T) {
	web := serve(t, func(http.ResponseWriter, *http.Request) {})
	noise := raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 smtp ready, this is not what you look for\r\n")
		_, _ = io.Copy(io.Discard, c)
		c.Close()
	})
	silent := raw(t, func(c net.Conn) { c.Close() })
	for _, c := range []struct{ name, addr, want string }{
		{"nobody", refused(t), "connection refused"},
		{"HTTP/1", strings.TrimPrefix(web, "http://"), "no gRPC answer"},
		{"something else", noise, "no gRPC answer"},
		{"silent", silent, "no gRPC answer"},
	} {
		got := textOf(once(t, GRPC(c.addr, "", "")))
		if !strings.HasPrefix(got, c.want) || len(got) > 60 {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestGRPCEndsWithItsContext(t *testing.T) {
	done := make(chan struct{})
	mute := raw(t, func(c net.Conn) { <-done; c.Close() })
	defer close(done)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := textOf(GRPC(mute, "", "")(ctx)); !strings.HasPrefix(got, "no answer after ") {
		t.Errorf("error %q", got)
	}
}

func FuzzHealthResponse(f *testing.F) {
	for _, b := range [][]byte{nil, frame(), frame(8, 1), frame(0x12, 2, 'h', 'i', 8, 1), frame(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		frame(0x09), frame(0x0d, 1), frame(0x0b), {0, 0xff, 0xff, 0xff, 0xff}, frame(8, 0x80)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		status, err := healthResponse(b)
		if err == nil && healthName(status) == "" {
			t.Fatalf("%x has no name", b)
		}
	})
}
