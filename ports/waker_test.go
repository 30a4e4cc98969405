package ports

import (
	"testing"
	"time"
)

// sleeps returns how long a sleep of d takes.
func sleeps(a waker, d time.Duration) time.Duration {
	began := time.Now()
	a.sleep(d)
	return time.Since(began)
}

func eachWaker(t *testing.T, f func(t *testing.T, a waker)) {
	for name, a := range map[string]waker{"system": newWaker(), "timer": newTimerWaker()} {
		t.Run(name, func(t *testing.T) {
			defer a.close()
			f(t, a)
		})
	}
}

func TestAWakerWakesInTime(t *testing.T) {
	eachWaker(t, func(t *testing.T, a waker) {
		for range 3 {
			if took := sleeps(a, 20*time.Millisecond); took < 15*time.Millisecond || took > 10*time.Second {
				t.Errorf("a sleep of 20ms took %v", took)
			}
		}
	})
}

func TestAWakerIsWokenBeforeAndDuringASleep(t *testing.T) {
	eachWaker(t, func(t *testing.T, a waker) {
		for _, d := range []time.Duration{0, time.Hour} {
			a.wake()
			a.sleep(d)
			time.AfterFunc(10*time.Millisecond, a.wake)
			a.sleep(d)
		}
	})
}

// However a wake falls on the beginning of a sleep, it ends it.
func TestNoWakeIsLost(t *testing.T) {
	eachWaker(t, func(t *testing.T, a waker) {
		asked, seen := make(chan struct{}), make(chan struct{})
		go func() {
			for range asked {
				a.wake()
			}
			close(seen)
		}()
		for range 2000 {
			asked <- struct{}{}
			a.sleep(time.Hour)
		}
		close(asked)
		<-seen
	})
}

func TestAWakerThatIsClosedIsHarmless(t *testing.T) {
	eachWaker(t, func(t *testing.T, a waker) {
		a.close()
		a.wake()
	})
}
