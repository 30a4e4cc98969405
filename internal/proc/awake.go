package proc

import (
	"sync"
	"time"
)

// awakeSteps is into how many steps a wait is divided. What one step takes beyond
// twice its length was no waiting.
const awakeSteps = 8

// AfterAwake calls f, in a goroutine of its own, once this program has been awake
// for d. A time in which it was stopped (Ctrl-Z, a suspended machine) counts as a
// quarter of d at most: whoever was waited for has slept as well, and gets the rest
// of its time. stop takes the call back, unless it has begun.
func AfterAwake(d time.Duration, f func()) (stop func()) {
	w := &awake{left: d, step: max(d/awakeSteps, time.Millisecond), f: f, last: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(min(w.step, d), w.tick)
	return w.stop
}

type awake struct {
	mu      sync.Mutex
	timer   *time.Timer
	left    time.Duration
	step    time.Duration
	last    time.Time
	f       func()
	stopped bool
}

func (w *awake) tick() {
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

func (w *awake) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}
