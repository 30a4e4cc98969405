package ports

import "time"

// waker ends the watcher's sleep. One goroutine sleeps, any may wake it.
type waker interface {
	// sleep returns after d, where 0 means never, or when wake was called since the last
	// sleep. It may return early.
	sleep(d time.Duration)
	wake()
	close()
}

// timerWaker uses a timer of Go, which tests can fake.
type timerWaker struct {
	timer *time.Timer
	woken chan struct{}
}

func newTimerWaker() timerWaker {
	return timerWaker{time.NewTimer(time.Hour), make(chan struct{}, 1)}
}

func (a timerWaker) sleep(d time.Duration) {
	if d > 0 {
		a.timer.Reset(d)
	} else {
		a.timer.Stop()
	}
	select {
	case <-a.woken:
	case <-a.timer.C:
	}
}

func (a timerWaker) wake() {
	select {
	case a.woken <- struct{}{}:
	default:
	}
}

func (a timerWaker) close() { a.timer.Stop() }
