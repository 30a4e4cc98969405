package decode

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
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
			if f.Secret && f.Name != "secret_key" {
				fmt.Fprintf(&b, " %s=%q!", f.Name, f.Value)
			}
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
