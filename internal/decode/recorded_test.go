package decode

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordings reads what real programs said, in every split: nothing of it is trouble,
// and what the exchanges took is no more than what passed. RECORD=1 with the live tests
// makes the recordings anew.
func TestRecordings(t *testing.T) {
	for pattern, make := range map[string]newDecoder{"redis*.wire": newRedis, "postgres*.wire": newPostgres} {
		names, _ := filepath.Glob(filepath.Join("testdata", pattern))
		if len(names) == 0 {
			t.Error("no recording", pattern)
		}
		for _, name := range names {
			for _, conn := range recorded(t, filepath.Base(name)) {
				var passed, told [2]int64
				for _, p := range conn {
					passed[p.dir] += int64(len(p.p))
				}
				for _, x := range chunkings(t, make, conn) {
					told[Up] += x.Request.Wire
					told[Down] += x.Response.Wire
					if x.Trouble != "" || x.Status == "" {
						t.Errorf("%s: %s %q: status %q, trouble %q", name, x.Method, x.Path, x.Status, x.Trouble)
					}
				}
				// A client of PostgreSQL takes leave in five bytes, which are no exchange.
				if strings.Contains(pattern, "postgres") {
					told[Up] += 5
				}
				if passed != told {
					t.Errorf("%s: %d bytes passed, %d are told", name, passed, told)
				}
			}
		}
	}
}

// TestLateTrouble: what is open when bytes are missing ends once, with the reason.
func TestLateTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		make   newDecoder
		pieces []piece
	}{
		"redis":    {newRedis, []piece{up("GET a\r\nSUBSCRIBE c\r\n"), down("$1\r\nx\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")}},
		"postgres": {newPostgres, append(pgStartup(), up(pg('Q', "select\x00")))},
	} {
		e := &exchanges{t: t, last: map[int]Exchange{}}
		d := test.make(DefaultLimits, e.emit)
		for _, p := range test.pieces {
			d.Read(p.dir, []byte(p.p), start)
		}
		d.Stop("the decoder fell behind", start)
		d.Read(Up, []byte("more"), start)
		d.End(Up, start)
		d.End(Down, start)
		all := e.all()
		if len(all) != 2 || all[0].Trouble != "" || all[1].Trouble != "the decoder fell behind" {
			t.Errorf("%s: %s", name, describeAll(all))
		}
	}
}

// TestACallIsSeenWhileItHangs, with the messages that have come.
func TestACallIsSeenWhileItHangs(t *testing.T) {
	var last Exchange
	count := 0
	d := newPostgres(DefaultLimits, func(x Exchange) { last = x; count++ })
	for _, p := range pgStartup() {
		d.Read(p.dir, []byte(p.p), start)
	}
	d.Read(Up, []byte(pg('Q', "select pg_sleep(9)\x00")), start)
	if last.Method != "SELECT" || !last.Ended.IsZero() {
		t.Fatalf("%+v", last)
	}
	count = 0
	d.Read(Down, []byte(pgColumns("a", oidInt4)+strings.Repeat(pgRow("1"), 50)), start)
	if len(last.Messages) != 50 || count != 1 || !last.Ended.IsZero() || last.Answered.IsZero() {
		t.Errorf("%d rows in %d emissions", len(last.Messages), count)
	}
}

// TestOpenCallsAreBounded: a client that asks for ever and reads nothing fills no memory.
func TestOpenCallsAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		make  newDecoder
		first []piece
		again string
	}{
		"redis":    {newRedis, nil, "SET key value\r\n"},
		"postgres": {newPostgres, pgStartup(), pg('P', "\x00select 1\x00"+i16(0))},
		"syncs":    {newPostgres, pgStartup(), pg('S', "")},
	} {
		e := &exchanges{t: t, last: map[int]Exchange{}}
		d := test.make(DefaultLimits, e.emit)
		for _, p := range test.first {
			d.Read(p.dir, []byte(p.p), start)
		}
		many := []byte(strings.Repeat(test.again, 1000))
		for range 300 {
			d.Read(Up, many, start)
		}
		d.End(Up, start)
		d.End(Down, start)
		all := e.all()
		if last := all[len(all)-1]; len(all) > 40000 || !strings.HasPrefix(last.Trouble, "too many") || last.Request.Wire == 0 {
			t.Errorf("%s: %d exchanges, the last %+v", name, len(all), all[len(all)-1])
		}
	}
}
