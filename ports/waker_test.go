package ports

import (
	"testing"
	"time"
)

// rests reports how long a rest of d takes.
func rests(a alarm, d time.Duration) time.Duration {
	began := time.Now()
	a.rest(d)
	return time.Since(began)
}

func eachAlarm(t *testing.T, f func(t *testing.T, a alarm)) {
	for name, a := range map[string]alarm{"system": newAlarm(), "timer": newTimerAlarm()} {
		t.Run(name, func(t *testing.T) {
			defer a.close()
			f(t, a)
		})
	}
}

func TestAnAlarmRingsInTime(t *testing.T) {
	eachAlarm(t, func(t *testing.T, a alarm) {
		for range 3 {
			if took := rests(a, 20*time.Millisecond); took < 15*time.Millisecond || took > 10*time.Second {
				t.Errorf("a rest of 20ms took %v", took)
			}
		}
	})
}

func TestAnAlarmIsWokenBeforeAndDuringARest(t *testing.T) {
	eachAlarm(t, func(t *testing.T, a alarm) {
		for _, d := range []time.Duration{0, time.Hour} {
			a.wake()
			a.rest(d)
			time.AfterFunc(10*time.Millisecond, a.wake)
			a.rest(d)
		}
	})
}

// Nobody who wakes the alarm does so in vain, however it falls on the beginning of a
// rest.
func TestNoWakeOfAnAlarmIsLost(t *testing.T) {
	eachAlarm(t, func(t *testing.T, a alarm) {
		asked, seen := make(chan struct{}), make(chan struct{})
		go func() {
			for range asked {
				a.wake()
			}
			close(seen)
		}()
		for range 2000 {
			asked <- struct{}{}
			a.rest(time.Hour)
		}
		close(asked)
		<-seen
	})
}

func TestAnAlarmThatIsClosedIsHarmless(t *testing.T) {
	eachAlarm(t, func(t *testing.T, a alarm) {
		a.close()
		a.wake()
	})
}
