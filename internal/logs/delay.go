package logs

import (
	"sync/atomic"
	"time"
)

// heldUpAfter is how long a write must take to count: the pipe buffers what a service
// writes during shorter ones.
const heldUpAfter = 250 * time.Millisecond

// delays records when nobody read a service's output because the disk or the sink was
// slow. Its numbers are nanoseconds since origin, plus one.
type delays struct {
	origin time.Time
	// writing is when the current write began, 0 if there is none. over is when the
	// last long one ended.
	writing, over atomic.Int64
}

func (d *delays) number(t time.Time) int64 { return int64(t.Sub(d.origin)) + 1 }

func (d *delays) begin(at time.Time) { d.writing.Store(d.number(at)) }

func (d *delays) end() {
	now := d.number(time.Now())
	if began := d.writing.Swap(0); began != 0 && now-began >= int64(heldUpAfter) {
		d.over.Store(now)
	}
}

// HeldUp reports whether, at any time since then, a slow disk or sink kept lhrun from
// reading the service's output for so long that the service may have been blocked. A
// service that did nothing in that time is not to blame.
func (s *Stream) HeldUp(since time.Time) bool {
	d := &s.delays
	began := d.writing.Load()
	return began != 0 && d.number(time.Now())-began >= int64(heldUpAfter) || d.over.Load() >= d.number(since)
}
