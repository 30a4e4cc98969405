package decode

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A tap is a relay that keeps what passes, in the order seen, per connection.
type tap struct {
	net.Listener
	mu    sync.Mutex
	conns [][]piece
	wg    sync.WaitGroup
	over  chan struct{}
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &tap{Listener: l, over: make(chan struct{})}
	t.Cleanup(func() { l.Close() })
	go func() {
		defer close(s.over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.wg.Add(1)
			go s.carry(c, to)
		}
	}()
	return s
}

func (s *tap) carry(c net.Conn, to string) {
	defer s.wg.Done()
	o, err := net.Dial("tcp", to)
	if err != nil {
		c.Close()
		return
	}
	s.mu.Lock()
	i := len(s.conns)
	s.conns = append(s.conns, nil)
	s.mu.Unlock()
	var both sync.WaitGroup
	copyTo := func(dir Direction, from, to net.Conn) {
		defer both.Done()
		defer to.(*net.TCPConn).CloseWrite()
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[i] = append(s.conns[i], piece{dir, string(buf[:n])})
			s.mu.Unlock()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
	both.Add(2)
	go copyTo(Up, c, o)
	go copyTo(Down, o, c)
	both.Wait()
	c.Close()
	o.Close()
}

// taken ends the relay, and is what passed when every client has gone.
func (s *tap) taken() [][]piece {
	s.Close()
	<-s.over
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *tap) port() string {
	_, port, _ := net.SplitHostPort(s.Addr().String())
	return port
}

// recordings writes what was recorded where RECORD asks for that.
func recordOf(t *testing.T, name string, conns [][]piece) {
	t.Helper()
	if os.Getenv("RECORD") == "" {
		return
	}
	var b strings.Builder
	for _, conn := range conns {
		for _, p := range conn {
			fmt.Fprintf(&b, "%s %q\n", [2]string{"up", "down"}[p.dir], p.p)
		}
		b.WriteString("end\n")
	}
	if err := os.WriteFile(filepath.Join("testdata", name), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recorded reads a recording.
func recorded(t testing.TB, name string) (conns [][]piece) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var conn []piece
	for line := range strings.Lines(string(text)) {
		p := piece{}
		switch {
		case line == "end\n":
			conns, conn = append(conns, conn), nil
			continue
		case strings.HasPrefix(line, "down "):
			p.dir = Down
		}
		_, quoted, _ := strings.Cut(line, " ")
		if _, err := fmt.Sscanf(quoted, "%q", &p.p); err != nil {
			t.Fatal(name, err)
		}
		conn = append(conn, p)
	}
	return conns
}
