package proc

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAfterAwakeIsExactWhenNothingSleeps(t *testing.T) {
	for _, d := range []time.Duration{0, time.Microsecond, 7 * time.Millisecond, time.Second + 3, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			began, took := time.Now(), make(chan time.Duration, 1)
			AfterAwake(d, func() { took <- time.Since(began) })
			if got := <-took; got != d {
				t.Errorf("%v after %v", d, got)
			}
		})
	}
}

func TestAfterAwakeStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		called := false
		stop := AfterAwake(time.Second, func() { called = true })
		time.Sleep(900 * time.Millisecond)
		stop()
		stop()
		time.Sleep(time.Hour)
		if called {
			t.Error("it was called after stop")
		}
	})
}

// A long sleep shows as one step that took much longer than it should.
func TestAfterAwakeCountsASleepAsAQuarterAtMost(t *testing.T) {
	w := &suspendAwareTimer{left: 8 * time.Second, step: time.Second, last: time.Now().Add(-time.Hour), f: func() { t.Error("it is over") }}
	w.timer = time.AfterFunc(time.Hour, func() {})
	w.tick()
	w.stop()
	if w.left < 6*time.Second || w.left > 7*time.Second {
		t.Errorf("%v are left of 8s after a sleep", w.left)
	}
}
