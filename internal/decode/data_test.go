package decode

import (
	"fmt"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A piece is what passed in one direction.
type piece struct {
	dir Direction
	p   string
}

func up(p string) piece   { return piece{Up, p} }
func down(p string) piece { return piece{Down, p} }

// exchanges keeps the last state of each exchange, and checks the rules of emission.
type exchanges struct {
	t    testing.TB
	last map[int]Exchange
	seen int
}

func (e *exchanges) emit(x Exchange) {
	if old, ok := e.last[x.Seq]; ok && !old.Ended.IsZero() {
		e.t.Fatalf("exchange %d is emitted after its end: %+v", x.Seq, x)
	} else if !ok && x.Seq != e.seen+1 {
		// Calls are numbered as they open; one may be shown before another.
		if x.Seq <= 0 {
			e.t.Fatalf("exchange with number %d", x.Seq)
		}
	}
	e.seen = max(e.seen, x.Seq)
	e.last[x.Seq] = x
}

func (e *exchanges) all() []Exchange {
	var all []Exchange
	for seq := 1; seq <= e.seen; seq++ {
		x, ok := e.last[seq]
		if !ok {
			e.t.Fatalf("exchange %d of %d was never emitted", seq, e.seen)
		}
		if x.Ended.IsZero() {
			e.t.Fatalf("exchange %d never ended: %+v", seq, x)
		}
		all = append(all, x)
	}
	return all
}

type newDecoder func(Limits, Emit) Decoder

var start = time.Unix(1000, 0)

// feed gives pieces to a decoder, split as cut says, and ends both directions.
func feed(t testing.TB, make newDecoder, limits Limits, pieces []piece, cut func(n int) int) []Exchange {
	t.Helper()
	e := &exchanges{t: t, last: map[int]Exchange{}}
	d := make(limits, e.emit)
	for _, piece := range pieces {
		for p := []byte(piece.p); len(p) > 0; {
			n := cut(len(p))
			chunk := slices.Clone(p[:n])
			d.Read(piece.dir, chunk, start)
			clear(chunk)
			p = p[n:]
		}
	}
	d.End(Up, start)
	d.End(Down, start)
	return e.all()
}

// chunkings feeds pieces in many splits, which must all tell the same.
func chunkings(t *testing.T, make newDecoder, pieces []piece) []Exchange {
	t.Helper()
	random := rand.New(rand.NewSource(1))
	want := feed(t, make, DefaultLimits, pieces, func(n int) int { return n })
	cuts := []func(int) int{func(int) int { return 1 }, func(n int) int { return min(n, 7) }}
	for range 10 {
		cuts = append(cuts, func(n int) int { return 1 + random.Intn(n) })
	}
	for i, cut := range cuts {
		if got := feed(t, make, DefaultLimits, pieces, cut); !reflect.DeepEqual(got, want) {
			t.Fatalf("split %d tells something else:\n%s\nthan whole:\n%s", i, describeAll(got), describeAll(want))
		}
	}
	return want
}

// describeAll writes exchanges as tests compare them.
func describeAll(all []Exchange) string {
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%s %q status=%q", x.Method, x.Path, x.Status)
		if x.Failed {
			b.WriteString(" failed")
		}
		for _, f := range x.Request.Fields {
			fmt.Fprintf(&b, " %s=%q%s", f.Name, f.Value, strings.Repeat("!", map[bool]int{true: 1}[f.Secret]))
		}
		if len(x.Response.Body) > 0 {
			fmt.Fprintf(&b, " body=%q", x.Response.Body)
		}
		for _, f := range x.Response.Fields {
			if f.Name == "message" || f.Name == "position" || f.Name == "detail" {
				fmt.Fprintf(&b, " <%s=%q", f.Name, f.Value)
			}
		}
		for _, m := range x.Messages {
			fmt.Fprintf(&b, " %s(%s)", m.Kind, m.Data)
		}
		if x.Left > 0 {
			fmt.Fprintf(&b, " left=%d", x.Left)
		}
		if x.Trouble != "" {
			fmt.Fprintf(&b, " trouble=%q", x.Trouble)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func wantExchanges(t *testing.T, make newDecoder, pieces []piece, want ...string) {
	t.Helper()
	got := chunkings(t, make, pieces)
	if text := strings.TrimSuffix(describeAll(got), "\n"); text != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", text, strings.Join(want, "\n"))
	}
}

// A tap is a relay that keeps what passes, in the order seen, per connection.
type tap struct {
	net.Listener
	mu    sync.Mutex
	conns [][]piece
	wg    sync.WaitGroup
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &tap{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
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

// taken is what passed, when every client has gone.
func (s *tap) taken() [][]piece {
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
func record(t *testing.T, name string, conns [][]piece) {
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

// fuzzPieces cuts data into pieces: a byte tells direction and length of what follows.
func fuzzPieces(data []byte) (pieces []piece) {
	for len(data) > 0 {
		n := min(int(data[0]>>1)+1, len(data)-1)
		pieces = append(pieces, piece{Direction(data[0] & 1), string(data[1 : 1+n])})
		data = data[1+n:]
	}
	return pieces
}

// unfuzz is the inverse.
func unfuzz(pieces []piece) (data []byte) {
	for _, p := range pieces {
		for q := p.p; len(q) > 0; {
			n := min(len(q), 128)
			data = append(append(data, byte(n-1)<<1|byte(p.dir)), q[:n]...)
			q = q[n:]
		}
	}
	return data
}

func fuzzDecoder(f *testing.F, make newDecoder, pattern string) {
	names, _ := filepath.Glob(filepath.Join("testdata", pattern))
	for _, name := range names {
		for _, conn := range recorded(f, filepath.Base(name)) {
			if data := unfuzz(conn); len(data) < 8<<10 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Body: 64, Messages: 4, Head: 512}
		pieces := fuzzPieces(data)
		all := feed(t, make, limits, pieces, func(n int) int { return n })
		small := feed(t, make, limits, pieces, func(n int) int { return 1 })
		if len(all) != len(small) {
			t.Fatalf("%d exchanges whole, %d byte by byte", len(all), len(small))
		}
		for i, x := range all {
			if len(x.Messages) > limits.Messages || len(x.Request.Body) > limits.Body || len(x.Response.Body) > limits.Body {
				t.Fatalf("exchange over its limits: %+v", x)
			}
			if x.Status != small[i].Status || x.Path != small[i].Path || x.Left != small[i].Left {
				t.Fatalf("whole %+v\nbyte by byte %+v", x, small[i])
			}
		}
	})
}
