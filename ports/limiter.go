package ports

import (
	"sync"
	"time"
)

// answersPerSecond is more than all leases of a large project. Who connects to leases in
// a loop takes a few hundredths of a core by it.
const answersPerSecond = 2000

// limiter bounds what everybody together can have a process do in a second.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	done  int
}

// wait returns once one more thing may be done.
func (l *limiter) wait() {
	for pause := l.take(); pause > 0; pause = l.take() {
		time.Sleep(pause)
	}
}

// take returns how long to wait before the next take; 0 means that one was granted.
func (l *limiter) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.since) >= time.Second {
		l.since, l.done = now, 0
	}
	if l.done == answersPerSecond {
		return time.Second - now.Sub(l.since)
	}
	l.done++
	return 0
}
