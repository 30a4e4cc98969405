package logs

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestALongWriteHoldsTheServiceUpAndAShortOneDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStream(StreamOptions{Service: "api"})
		write := func(d time.Duration) {
			s.delays.begin(time.Now())
			time.Sleep(d)
			s.delays.end()
		}
		began := time.Now()
		write(heldUpAfter - 1)
		if s.HeldUp(began) {
			t.Error("a short write counts")
		}
		s.delays.begin(time.Now())
		time.Sleep(heldUpAfter)
		if !s.HeldUp(time.Now()) {
			t.Error("a long write that goes on does not count")
		}
		s.delays.end()
		over := time.Now()
		if !s.HeldUp(began) || !s.HeldUp(over) {
			t.Error("a long write that is over does not count")
		}
		time.Sleep(time.Nanosecond)
		write(1)
		if s.HeldUp(time.Now()) || !s.HeldUp(over) {
			t.Error("a long write counts for what came after it")
		}
	})
}
