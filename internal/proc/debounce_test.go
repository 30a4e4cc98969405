package proc

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// resize is SIGWINCH, which not every system has.
const resize = syscall.Signal(0x1c)

func TestSignalsToEndThatBelongToOneWishCountOnce(t *testing.T) {
	const ms = time.Millisecond
	type press struct {
		sig   os.Signal
		after time.Duration
		want  bool
	}
	for name, presses := range map[string][]press{
		"both halves get it":           {{syscall.SIGTERM, 0, true}, {syscall.SIGTERM, 2 * ms, false}},
		"a runner escalates":           {{syscall.SIGINT, 0, true}, {syscall.SIGTERM, 150 * ms, false}, {syscall.SIGTERM, 600 * ms, false}},
		"a login ends":                 {{syscall.SIGTERM, 0, true}, {syscall.SIGHUP, ms, false}},
		"a login ends, told otherwise": {{syscall.SIGHUP, 0, false}, {syscall.SIGTERM, ms, true}, {syscall.SIGHUP, 100 * ms, false}},
		"a person presses again":       {{syscall.SIGINT, 0, true}, {syscall.SIGINT, time.Second, true}},
		"a person hammers":             {{syscall.SIGINT, 0, true}, {syscall.SIGINT, 200 * ms, false}, {syscall.SIGINT, 200 * ms, false}, {syscall.SIGINT, 200 * ms, true}},
		"another asks well later":      {{syscall.SIGINT, 0, true}, {syscall.SIGTERM, time.Second, true}},
		"a new size asks for no end":   {{resize, 0, true}, {syscall.SIGINT, ms, true}, {resize, ms, true}, {syscall.SIGQUIT, ms, true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, to, done := make(chan os.Signal), make(chan os.Signal, 8), make(chan struct{})
				go debounce(from, to, done)
				for i, p := range presses {
					time.Sleep(p.after)
					before := len(to)
					from <- p.sig
					synctest.Wait()
					if passed := len(to) > before; passed != p.want {
						t.Errorf("signal %d, %v: passed on %t", i, p.sig, passed)
					}
				}
				close(done)
				synctest.Wait()
			})
		})
	}
}

func TestASignalThatComesTwiceAtOnceIsAnEcho(t *testing.T) {
	e := echoes{}
	if e.repeats(syscall.SIGINT) || e.repeats(syscall.SIGTERM) {
		t.Error("the first of its kind does not count")
	}
	e[syscall.SIGINT] = time.Now().Add(time.Hour) // however slow this machine
	if !e.repeats(syscall.SIGINT) {
		t.Error("its repetition counts")
	}
	e[syscall.SIGINT] = time.Now().Add(-echoWindow)
	if e.repeats(syscall.SIGINT) {
		t.Error("a later one does not count")
	}
	for range 2 {
		if e.repeats(resize) {
			t.Error("a new size does not count each time")
		}
	}
}
