package proc

import (
	"sync"
	"time"
)

// A wait is divided into timerSteps. A step that takes more than twice its length
// counts as twice its length: the program was suspended for the rest.
const timerSteps = 8

// AfterAwake calls f, in a goroutine of its own, once this program has been awake for
// d. A time in which the program was suspended (Ctrl-Z, a sleeping machine) counts as a
// quarter of d at most: whoever was waited for was suspended as well, and gets the rest
// of its time. stop prevents the call, unless it has begun.
func AfterAwake(d time.Duration, f func()) (stop func()) {
	w := &suspendAwareTimer{left: d, step: max(d/timerSteps, time.Millisecond), f: f, last: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(min(w.step, d), w.tick)
	return w.stop
}

// suspendAwareTimer counts the time in which this program was awake.
type suspendAwareTimer struct {
	mu      sync.Mutex
	timer   *time.Timer
	left    time.Duration
	step    time.Duration
	last    time.Time
	f       func()
	stopped bool
}

func (w *suspendAwareTimer) tick() {
	w.mu.Lock()
	now := time.Now()
	w.left -= min(now.Sub(w.last), 2*w.step)
	w.last = now
	over := w.left <= 0 && !w.stopped
	if w.left > 0 && !w.stopped {
		w.timer.Reset(min(w.step, w.left))
	}
	w.mu.Unlock()
	if over {
		w.f()
	}
}

func (w *suspendAwareTimer) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}
