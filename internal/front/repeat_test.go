package front

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
)

// partReader is a service that reads a few bytes of each request and closes the connection,
// which resets it. after is called before that.
func partReader(t *testing.T, after func(l net.Listener)) (addr net.Addr, came *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if n, _ := c.Read(make([]byte, 100)); n > 0 {
				came.Add(1)
			}
			after(l)
			c.Close()
		}
	}()
	return l.Addr(), came
}

// TestARequestThatWasReadInPartIsNotRepeated, unless it may be, and then a few times: a
// service that goes on has closed the connection of its own accord, and one that ends may
// have done what was asked.
func TestARequestThatWasReadInPartIsNotRepeated(t *testing.T) {
	for name, try := range map[string]struct {
		method string
		size   int
		ends   bool
		most   int64
	}{
		"small":             {"POST", 10, false, 1},
		"large":             {"POST", 30_000, false, 1},
		"large, it crashes": {"POST", 30_000, true, 1},
		"harmless":          {"GET", 10, false, 1 + mostRepeats},
	} {
		t.Run(name, func(t *testing.T) {
			addr, came := partReader(t, func(l net.Listener) {
				if try.ends {
					l.Close()
				}
			})
			s := serve(t, addr, nil, func(snap *control.Snapshot) { snap.Front.WaitMS = 500 })
			head := fmt.Sprintf("%s / HTTP/1.1\nHost: %s\nX-Long: %s\nContent-Length: %d\nConnection: close\n\n", try.method, webHost, strings.Repeat("x", 200), try.size)
			response, text := s.get(head + strings.Repeat("y", try.size))
			if response.StatusCode != 502 || came.Load() != try.most {
				t.Errorf("%s %q; it came %d times, want %d", response.Status, text, came.Load(), try.most)
			}
		})
	}
}

// TestAServiceHasEndedWhereNobodyListensOrAnotherHasBegun.
func TestAServiceHasEndedWhereNobodyListensOrAnotherHasBegun(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := serve(t, l.Addr(), nil, nil)
	tracker, err := follow(t.Context(), s.run)
	if err != nil {
		t.Fatal(err)
	}
	u := newUpstream(tracker, "web", nil)
	web := tracker.now().snap.Services[0]
	if u.hasEnded(t.Context(), web) {
		t.Error("it is there")
	}
	earlier := web
	earlier.StartedAt = &control.Time{Time: web.StartedAt.Add(-1)}
	if !u.hasEnded(t.Context(), earlier) {
		t.Error("another has begun")
	}
	l.Close()
	if !u.hasEnded(t.Context(), web) {
		t.Error("nobody listens")
	}
}
