package proc

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestASignalThatComesTwiceAtOnceCountsOnce(t *testing.T) {
	g := debouncer{}
	if g.repeats(syscall.SIGINT) || g.repeats(syscall.SIGTERM) {
		t.Error("the first of its kind does not count")
	}
	g[syscall.SIGINT] = time.Now().Add(time.Hour) // however slow this machine
	if !g.repeats(syscall.SIGINT) {
		t.Error("its repetition counts")
	}
	g[syscall.SIGINT] = time.Now().Add(-debounceWindow)
	if g.repeats(syscall.SIGINT) {
		t.Error("a later one does not count")
	}
	for range 2 {
		if g.repeats(syscall.Signal(0x1c)) { // SIGWINCH
			t.Error("a new size does not count each time")
		}
	}
}

func TestARepeatedSignalIsNotPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to, done := make(chan os.Signal), make(chan os.Signal, 8), make(chan struct{})
		go debounce(from, to, done)
		for _, pressed := range []struct {
			sig   os.Signal
			after time.Duration
			want  int
		}{
			{syscall.SIGINT, 0, 1},
			{syscall.SIGINT, debounceWindow / 2, 1},
			{syscall.SIGTERM, 0, 2},
			{syscall.SIGINT, debounceWindow, 3},
		} {
			time.Sleep(pressed.after)
			from <- pressed.sig
			synctest.Wait()
			if len(to) != pressed.want {
				t.Errorf("%v after %v: %d passed on, want %d", pressed.sig, pressed.after, len(to), pressed.want)
			}
		}
		close(done)
		synctest.Wait()
	})
}
