package control

import (
	"sync"
	"time"
)

// attendance counts the handlers at work, for whoever waits for the last one.
type attendance struct {
	mu   sync.Mutex
	n    int
	over chan struct{} // set by end, closed by the last that leaves
}

// enter reports false when it is too late.
func (a *attendance) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over != nil {
		return false
	}
	a.n++
	return true
}

func (a *attendance) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n--
	if a.n == 0 && a.over != nil {
		close(a.over)
	}
}

// end lets nobody in any more, and returns when all have left, or after patience
// with those that are stuck.
func (a *attendance) end(patience time.Duration) {
	a.mu.Lock()
	a.over = make(chan struct{})
	if a.n == 0 {
		close(a.over)
	}
	a.mu.Unlock()
	select {
	case <-a.over:
	case <-time.After(patience):
	}
}
