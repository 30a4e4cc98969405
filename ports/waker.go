package ports

import "time"

// alarm ends the watcher's rests. rest is for one goroutine, wake for any.
type alarm interface {
	// rest returns after d, where 0 is never, or when wake was called since the last
	// rest; it may return early.
	rest(d time.Duration)
	wake()
	close()
}

// timerAlarm takes Go's timers, which tests can fake.
type timerAlarm struct {
	timer *time.Timer
	woken chan struct{}
}

func newTimerAlarm() timerAlarm {
	return timerAlarm{time.NewTimer(time.Hour), make(chan struct{}, 1)}
}

func (a timerAlarm) rest(d time.Duration) {
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

func (a timerAlarm) wake() {
	select {
	case a.woken <- struct{}{}:
	default:
	}
}

func (a timerAlarm) close() { a.timer.Stop() }
