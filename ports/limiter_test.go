package ports

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestALimiterGrantsSoManyASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		for second := range 3 {
			start := time.Now()
			for range answersPerSecond {
				l.wait()
			}
			if took := time.Since(start); second == 0 && took != 0 {
				t.Errorf("the first took %v", took)
			}
			l.wait()
			if took := time.Since(start); took < time.Second-time.Millisecond {
				t.Errorf("one more was granted after %v", took)
			}
			time.Sleep(time.Second)
		}
	})
}
