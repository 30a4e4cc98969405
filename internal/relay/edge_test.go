//go:build linux

package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/handoff"
)

// stage is a relay with one edge to a service of the test's own.
type stage struct {
	run  *net.UnixConn
	edge string
	// state is what was told last.
	state handoff.State
}

// serveEdge begins a relay whose edge leads to target.
func serveEdge(t testing.TB, target net.Addr, protocol string) *stage {
	t.Helper()
	run, file, err := handoff.Pair()
	if err != nil {
		t.Fatal(err)
	}
	relay, err := handoff.Conn(file)
	file.Close()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(context.Background(), relay, nil, nil) }()
	t.Cleanup(func() {
		run.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		relay.Close()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l.Close()
	s := &stage{run: run, edge: l.Addr().String()}
	s.send(t, handoff.Message{Socket: &handoff.Socket{ID: 1, Kind: handoff.Edge}}, f)
	_, port, _ := net.SplitHostPort(target.String())
	number, _ := strconv.Atoi(port)
	s.state = handoff.State{Edges: []handoff.EdgeState{{Socket: 1, From: "web", To: "api", Target: number, Protocol: protocol, Open: true}}}
	s.send(t, handoff.Message{State: &s.state}, nil)
	return s
}

func (s *stage) send(t testing.TB, m handoff.Message, f *os.File) {
	t.Helper()
	if err := handoff.Send(s.run, m, f); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.edge)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.TCPConn)
}

func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

// protocols are those with a decoder, and the one without.
var protocols = []string{"", "http", "redis", "postgres", "tcp"}

// TestAnyBytesPassAsTheyCame in both directions at once, each of which ends by itself.
func TestAnyBytesPassAsTheyCame(t *testing.T) {
	for _, protocol := range protocols {
		for round := range 10 {
			random := rand.New(rand.NewPCG(1, uint64(round)))
			up, down := noise(random), noise(random)
			l := listen(t)
			s := serveEdge(t, l.Addr(), protocol)
			served := make(chan []byte, 1)
			go func() {
				c, err := l.AcceptTCP()
				if err != nil {
					return
				}
				defer c.Close()
				served <- exchange(c, down, rand.New(rand.NewPCG(2, uint64(round))))
			}()
			got := exchange(s.dial(t), up, random)
			if there := <-served; !bytes.Equal(there, up) || !bytes.Equal(got, down) {
				t.Fatalf("%q: %d of %d bytes up, %d of %d down", protocol, len(there), len(up), len(got), len(down))
			}
		}
	}
}

// noise is up to a few megabytes, that may begin like something known.
func noise(random *rand.Rand) []byte {
	heads := []string{"", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "*1\r\n$4\r\nPING\r\n", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01"}
	out := []byte(heads[random.IntN(len(heads))])
	size := 1 << random.IntN(22)
	for range size / 8 {
		out = append(out, byte(random.Uint32()), byte(random.Uint32()), 'a', '\r', '\n', ' ', '1', byte(random.Uint32()))
	}
	return out
}

// exchange writes all of mine in pieces and ends that direction, and reads the other one.
func exchange(c *net.TCPConn, mine []byte, random *rand.Rand) []byte {
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	var writing sync.WaitGroup
	writing.Go(func() {
		for len(mine) > 0 {
			n := min(len(mine), 1+random.IntN(100_000))
			if _, err := c.Write(mine[:n]); err != nil {
				return
			}
			mine = mine[n:]
		}
		_ = c.CloseWrite()
	})
	got, _ := io.ReadAll(c)
	writing.Wait()
	return got
}

func TestAnEndedDirectionLeavesTheOtherOpen(t *testing.T) {
	for _, protocol := range protocols {
		l := listen(t)
		s := serveEdge(t, l.Addr(), protocol)
		c := s.dial(t)
		there, err := l.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		defer there.Close()
		_ = c.CloseWrite()
		if got, err := io.ReadAll(there); err != nil || len(got) > 0 {
			t.Errorf("%q: %q, %v", protocol, got, err)
		}
		for range 3 {
			if _, err := there.Write([]byte("still\n")); err != nil {
				t.Fatalf("%q: %v", protocol, err)
			}
			line := make([]byte, 6)
			if _, err := io.ReadFull(c, line); err != nil || string(line) != "still\n" {
				t.Fatalf("%q: %q, %v", protocol, line, err)
			}
		}
	}
}

func TestABrokenConnectionIsBrokenForTheOther(t *testing.T) {
	for _, protocol := range protocols {
		l := listen(t)
		s := serveEdge(t, l.Addr(), protocol)
		c := s.dial(t)
		there, err := l.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		reset(there)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: the caller sees %v", protocol, err)
		}
		c = s.dial(t)
		if there, err = l.AcceptTCP(); err != nil {
			t.Fatal(err)
		}
		_ = there.SetDeadline(time.Now().Add(time.Minute))
		reset(c)
		if _, err := there.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: the service sees %v", protocol, err)
		}
		there.Close()
	}
}

// TestAServiceThatIsNotThereBreaksTheConnection where the run has not heard of that yet.
func TestAServiceThatIsNotThereBreaksTheConnection(t *testing.T) {
	l := listen(t)
	l.Close()
	s := serveEdge(t, l.Addr(), "")
	c, err := net.Dial("tcp", s.edge) // That may see it already.
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the caller sees %v", err)
	}
}

func TestAnEdgeThatIsLeftCloses(t *testing.T) {
	l := listen(t)
	s := serveEdge(t, l.Addr(), "")
	c := s.dial(t)
	if _, err := l.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	s.send(t, handoff.Message{State: &handoff.State{}}, nil)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", s.edge)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			c.Close()
		}
		if time.Now().After(limit) {
			t.Fatalf("it accepts: %v", err)
		}
	}
}
