package relay

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

// tap feeds copies of what passes on a connection to its decoder, which runs beside. What
// passes never waits for it: where the decoder falls behind, the copies end.
type tap struct {
	decoder decode.Decoder

	mu sync.Mutex
	// news is signalled when pending was empty.
	news    *sync.Cond
	pending batch
	// behind says that a copy is missing.
	behind bool
	over   bool
}

// batch is what a decoder has not read yet, in the order in which it passed.
type batch struct {
	bytes []byte
	parts []part
}

type part struct {
	dir  decode.Direction
	size int
	end  bool
	at   time.Time
}

const (
	// mostPending bounds the bytes that the decoder of one connection has not read, and
	// allPending those of all. What a batch keeps for the next bytes is keptPending at most.
	mostPending = 1 << 20
	allPending  = 4 << 20
	keptPending = 64 << 10
)

// pendingBytes are those of all connections.
var pendingBytes atomic.Int64

// tooSlow is the trouble of an exchange whose decoder has fallen behind.
const tooSlow = "the decoder fell behind"

func newTap(d decode.Decoder) *tap {
	t := &tap{decoder: d}
	t.news = sync.NewCond(&t.mu)
	go t.run()
	return t
}

// copy takes what is about to pass, or has. It keeps nothing of p.
func (t *tap) copy(dir decode.Direction, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.behind || t.over {
		return
	}
	if len(t.pending.bytes)+len(p) > mostPending || pendingBytes.Add(int64(len(p))) > allPending {
		if len(t.pending.bytes)+len(p) <= mostPending {
			pendingBytes.Add(-int64(len(p)))
		}
		t.behind = true
		t.news.Signal()
		return
	}
	t.pending.bytes = append(t.pending.bytes, p...)
	t.add(part{dir: dir, size: len(p), at: time.Now()})
}

// end says that a direction has ended.
func (t *tap) end(dir decode.Direction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(part{dir: dir, end: true, at: time.Now()})
}

func (t *tap) add(p part) {
	if len(t.pending.parts) == 0 {
		t.news.Signal()
	}
	t.pending.parts = append(t.pending.parts, p)
}

// close says that nothing follows.
func (t *tap) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.news.Signal()
}

// run reads until the connection is closed.
func (t *tap) run() {
	var free batch
	for {
		work, behind, over := t.take(free)
		at := 0
		for _, p := range work.parts {
			if p.end {
				t.decoder.End(p.dir, p.at)
				continue
			}
			t.decoder.Read(p.dir, work.bytes[at:at+p.size], p.at)
			at += p.size
		}
		pendingBytes.Add(-int64(len(work.bytes)))
		switch {
		case behind:
			t.decoder.Stop(tooSlow, time.Now())
			t.decoder = ended{}
		case over && len(work.parts) == 0:
			t.decoder.Stop("the connection was closed", time.Now())
			return
		}
		free = work
		if cap(free.bytes) > keptPending {
			free = batch{}
		}
	}
}

// take waits for something to read, and leaves free in its place.
func (t *tap) take(free batch) (work batch, behind, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, told := t.decoder.(ended)
	for len(t.pending.parts) == 0 && !t.over && (!t.behind || told) {
		t.news.Wait()
	}
	work = t.pending
	t.pending = batch{free.bytes[:0], free.parts[:0]}
	return work, t.behind && !told, t.over
}

// ended is a decoder that has been stopped.
type ended struct{}

func (ended) Read(decode.Direction, []byte, time.Time) {}
func (ended) End(decode.Direction, time.Time)          {}
func (ended) Stop(string, time.Time)                   {}
