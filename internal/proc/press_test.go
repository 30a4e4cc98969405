package proc

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestASignalThatComesTwiceAtOnceIsOnePress(t *testing.T) {
	g := presses{}
	if g.again(syscall.SIGINT) || g.again(syscall.SIGTERM) {
		t.Error("the first of its kind counts")
	}
	g[syscall.SIGINT] = time.Now().Add(time.Hour) // however slow this machine
	if !g.again(syscall.SIGINT) {
		t.Error("its echo does not")
	}
	g[syscall.SIGINT] = time.Now().Add(-onePress)
	if g.again(syscall.SIGINT) {
		t.Error("a second press counts")
	}
	for range 2 {
		if g.again(syscall.Signal(0x1c)) { // SIGWINCH
			t.Error("each new size counts")
		}
	}
}

func TestTheEchoOfAPressIsNotPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to, done := make(chan os.Signal), make(chan os.Signal, 8), make(chan struct{})
		go withoutEchoes(from, to, done)
		for _, pressed := range []struct {
			sig   os.Signal
			after time.Duration
			want  int
		}{
			{syscall.SIGINT, 0, 1},
			{syscall.SIGINT, onePress / 2, 1},
			{syscall.SIGTERM, 0, 2},
			{syscall.SIGINT, onePress, 3},
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
