package traffic

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newStore(t testing.TB, memory int64) *Store {
	s := NewStore(memory)
	t.Cleanup(s.Close)
	return s
}

func exchange(seq int, body []byte) decode.Exchange {
	at := noon.Add(time.Duration(seq) * time.Millisecond)
	return decode.Exchange{
		Seq: seq, Protocol: decode.HTTP, Method: "POST", Path: "/orders?page=2&x-api-key=letmein", Status: "201",
		Began: at, Answered: at.Add(time.Millisecond), Ended: at.Add(2 * time.Millisecond),
		Request: decode.Part{
			Line:   "POST /orders?page=2&x-api-key=letmein HTTP/1.1",
			Fields: []decode.Field{{Name: "Authorization", Value: "Bearer letmein"}, {Name: "Host", Value: "api"}},
			Body:   body, Size: int64(len(body)), Wire: int64(len(body)) + 90,
		},
		Response: decode.Part{Line: "HTTP/1.1 201 Created", Body: []byte(`{"id":1}`), Size: 8, Wire: 60},
		Messages: []decode.Message{{At: at, Kind: "event", Data: []byte("x"), Size: 1}},
	}
}

// same compares without the zones of times.
func same(a, b decode.Exchange) bool {
	var p, q packer
	p.head(&a)
	p.bodies(&a)
	q.head(&b)
	q.bodies(&b)
	for i := range a.Messages {
		p.message(&a.Messages[i])
	}
	for i := range b.Messages {
		q.message(&b.Messages[i])
	}
	return bytes.Equal(p.b, q.b)
}

func TestWhatIsEmittedIsKept(t *testing.T) {
	s := newStore(t, 1<<20)
	c := s.Open(Edge{From: "web", To: "api"})
	pending := exchange(1, []byte("begun"))
	pending.Ended, pending.Messages = time.Time{}, nil
	c.Emit(pending)
	c.Emit(exchange(2, nil))
	c.Fault(1, "slow-api")
	c.Fault(3, "early")
	c.From("browser")
	whole := exchange(1, bytes.Repeat([]byte("0123456789"), 500))
	c.Emit(whole)
	c.Emit(exchange(3, nil))
	e, ok := s.Get(1)
	if !ok || !same(e.Exchange, whole) || e.From != "browser" || e.To != "api" || e.Fault != "slow-api" {
		t.Errorf("got %+v, %v", e, ok)
	}
	if e, _ := s.Get(3); e.Fault != "early" {
		t.Errorf("the fault of an exchange to come is %q", e.Fault)
	}
	if st := s.Stats(); st.Kept != 3 || st.Seen != 3 || st.Evicted != 0 {
		t.Errorf("got %+v", st)
	}
	if n := s.Clear(); n != 3 || s.Stats().Kept != 0 || s.Stats().Used != changesCost {
		t.Errorf("cleared %d: %+v", n, s.Stats())
	}
}

// counted is what lies in blocks, added up from the entries.
func counted(s *Store) (n int) {
	for id := s.index.start(); id < s.index.end(); id++ {
		first := s.index.at(id)
		for _, chain := range []uint32{first, s.blocks.slot(first).messages} {
			for ; chain != 0; chain = s.blocks.next(chain) {
				n++
			}
		}
	}
	return n
}

func TestWhatIsCountedIsWhatIsKept(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newStore(t, 1<<20)
	var conns []*Conn
	for range 20 {
		conns = append(conns, s.Open(Edge{From: "web", To: "api"}))
	}
	seqs := make([]int, len(conns))
	oldest := uint64(1)
	for i := range 20_000 {
		n := random.IntN(len(conns))
		if seqs[n] == 0 || random.IntN(3) > 0 {
			seqs[n]++
		}
		x := exchange(seqs[n], make([]byte, random.IntN(1<<random.IntN(18))))
		for range random.IntN(4) {
			x.Messages = append(x.Messages, decode.Message{At: noon, Data: make([]byte, random.IntN(5000))})
		}
		if random.IntN(2) == 0 {
			x.Ended = time.Time{}
		}
		conns[n].Emit(x)
		if s.used() > s.memory {
			t.Fatalf("after %d: %d bytes of %d", i, s.used(), s.memory)
		}
		if got := s.index.start(); got < oldest {
			t.Fatalf("the oldest went from %d to %d", oldest, got)
		}
		oldest = s.index.start()
		if i%500 == 0 && counted(s) != s.blocks.used {
			t.Fatalf("after %d: %d blocks are counted, %d kept", i, s.blocks.used, counted(s))
		}
	}
	live := 0
	for _, c := range conns {
		live += c.live
	}
	st := s.Stats()
	if uint64(live) != st.Kept || st.Seen != st.Kept+st.Evicted || st.Evicted == 0 {
		t.Errorf("%d live: %+v", live, st)
	}
}

// TestTenGigabytesStayWithinMemory emits bodies of 100 KB a hundred thousand times.
func TestTenGigabytesStayWithinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	const memory = 64 << 20
	s := newStore(t, memory)
	c := s.Open(Edge{From: "web", To: "api"})
	body := make([]byte, 100_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	for i := range 100_000 {
		c.Emit(exchange(i+1, body))
		if i%10_000 == 0 {
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc)
		}
	}
	st := s.Stats()
	if st.Used > memory || st.Seen != 100_000 || st.Kept+st.Evicted != st.Seen {
		t.Errorf("got %+v", st)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 10<<20 {
		t.Errorf("the heap has grown by %d bytes besides the memory", grown)
	}
	t.Logf("kept %d, used %d, heap + %d", st.Kept, st.Used, int64(most)-int64(before.HeapAlloc))
}

func BenchmarkEmitRedisGet(b *testing.B) {
	s := newStore(b, 64<<20)
	c := s.Open(Edge{From: "web", To: "cache"})
	x := decode.Exchange{Protocol: decode.Redis, Method: "GET", Path: "GET key:1234", Status: "OK", Began: noon, Answered: noon, Ended: noon}
	x.Response.Body = []byte("some value")
	b.ReportAllocs()
	for i := range b.N {
		x.Seq = i + 1
		c.Emit(x)
	}
}

// serve returns a client of s.
func serve(t *testing.T, s *Store) *Client {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, s) }()
	c := NewClient(func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", l.Addr().String())
	})
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestAClientIsToldWhatItAsksFor(t *testing.T) {
	s := newStore(t, 1<<20)
	web, db := s.Open(Edge{From: "web", To: "api"}), s.Open(Edge{From: "api", To: "db"})
	for i := range 5 {
		web.Emit(exchange(i+1, []byte(`{"x-api-key":"letmein"}`)))
	}
	db.Emit(decode.Exchange{Seq: 1, Protocol: decode.Postgres, Method: "SELECT", Path: "SELECT 1/0", Status: "22012", Failed: true, Began: noon, Ended: noon.Add(time.Second)})
	c := serve(t, s)
	for text, test := range map[string]struct {
		q    Query
		want []uint64
	}{
		"all":     {Query{}, []uint64{1, 2, 3, 4, 5, 6}},
		"edge":    {Query{Names: []string{"api->db"}}, []uint64{6}},
		"service": {Query{Names: []string{"web"}, Last: 2}, []uint64{4, 5}},
		"status":  {Query{Status: "5xx,22012"}, []uint64{6}},
		"class":   {Query{Status: "2xx", First: 4}, []uint64{4, 5}},
		"slow":    {Query{Slow: 500 * time.Millisecond}, []uint64{6}},
		"path":    {Query{Path: "/ord*", Last: 1}, []uint64{5}},
		"sql":     {Query{Path: "SELECT *"}, []uint64{6}},
		"secret":  {Query{Grep: "letmein"}, nil},
		"grep":    {Query{Grep: `x-api-key":"\*\*\*`, Last: 1}, []uint64{5}},
	} {
		var got []uint64
		err := c.List(t.Context(), test.q, func(r Row) error {
			if strings.Contains(r.Path, "letmein") {
				t.Errorf("%s: a secret is told: %s", text, r.Path)
			}
			got = append(got, r.ID)
			return nil
		})
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	e, err := c.Show(t.Context(), 1, false)
	if err != nil || strings.Contains(e.Request.Line+string(e.Request.Body)+e.Request.Fields[0].Value, "letmein") {
		t.Errorf("got %+v, %v", e, err)
	}
	if e, err := c.Show(t.Context(), 1, true); err != nil || !same(e.Exchange, exchange(1, []byte(`{"x-api-key":"letmein"}`))) {
		t.Errorf("revealed: %+v, %v", e, err)
	}
	if _, err := c.Show(t.Context(), 7, false); !reflect.DeepEqual(err, &AbsentError{"there is no call 7; the last one is 6"}) {
		t.Errorf("got %v", err)
	}
	if err := c.List(t.Context(), Query{Grep: "a(b"}, nil); err == nil || !strings.HasPrefix(err.Error(), `--grep cannot be "a(b": missing closing ) at character 1`) {
		t.Errorf("got %v", err)
	}
}

func TestWhoFollowsHearsWhatComes(t *testing.T) {
	s := newStore(t, 1<<20)
	web := s.Open(Edge{From: "web", To: "api"})
	web.Emit(exchange(1, nil))
	c := serve(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var got []uint64
	err := c.List(ctx, Query{Follow: true}, func(r Row) error {
		if got = append(got, r.ID); len(got) < 4 {
			web.Emit(exchange(len(got)+1, nil))
		} else {
			cancel()
		}
		return nil
	})
	if err != context.Canceled || !slices.Equal(got, []uint64{1, 2, 3, 4}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestASlowFollowerIsDroppedAndDelaysNobody(t *testing.T) {
	s := newStore(t, 4<<20)
	web := s.Open(Edge{From: "web", To: "api"})
	f, at, err := s.enlist()
	if err != nil {
		t.Fatal(err)
	}
	defer s.dismiss(f)
	for i := range changesKept + 1 {
		web.Emit(exchange(i+1, nil))
	}
	if _, _, err := s.since(at, nil); !reflect.DeepEqual(err, &MissedError{changesKept + 1}) {
		t.Errorf("got %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	x := exchange(1, []byte("body"))
	var p packer
	p.head(&x)
	p.bodies(&x)
	f.Add(p.b)
	f.Fuzz(func(t *testing.T, data []byte) {
		u := unpacker{b: data}
		x := u.head()
		u.bodies(&x)
		_ = (&unpacker{b: data}).messages()
		if u.err == nil {
			var p packer
			p.head(&x)
			p.bodies(&x)
			v := unpacker{b: p.b}
			y := v.head()
			if v.bodies(&y); !same(x, y) {
				t.Errorf("%+v is not %+v", x, y)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("5xx", "/a/*", "a(b", "web -> api")
	f.Fuzz(func(_ *testing.T, status, path, grep, name string) {
		filter, err := Query{Status: status, Path: path, Grep: grep, Names: []string{name}}.filter()
		if err == nil {
			filter.glances(1, glance{})
			filter.fits(&Entry{Exchange: exchange(1, nil)}, noon)
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add([]byte(`{"cookie": {"a":"\"b"}, "b": "{\"cookie\":1}"`), "a=b&cookie=c")
	m := NewMask(DefaultHide, nil)
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		once := m.body(bytes.Clone(body), "application/json")
		if twice := m.body(bytes.Clone(once), "application/json"); !bytes.Equal(once, twice) {
			t.Errorf("%q becomes %q, then %q", body, once, twice)
		}
		m.target("/?" + query)
	})
}
