package logs

import (
	"sync/atomic"
	"time"
)

// heldUpAfter is how long a write must take to hold a service up: its pipe has room
// for what ordinary ones take.
const heldUpAfter = 250 * time.Millisecond

// delays are the times in which nobody read a service's output, since the disk or
// the sink took long. Its numbers are nanoseconds since origin, plus one.
type delays struct {
	origin time.Time
	// writing is when the write that goes on began; 0 is none. over is when the
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

// HeldUp reports whether, at any time since then, the service's output was not read
// for so long that the service may have stood still: a disk that takes its time, or a
// sink that does. What it did not do in that time is not its fault.
func (s *Stream) HeldUp(since time.Time) bool {
	d := &s.delays
	began := d.writing.Load()
	return began != 0 && d.number(time.Now())-began >= int64(heldUpAfter) || d.over.Load() >= d.number(since)
}
