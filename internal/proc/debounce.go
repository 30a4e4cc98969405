package proc

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// debounceWindow is how long a second signal to end of the same kind counts as the
// first: timeout(1), npm and others signal a process and then its group.
const debounceWindow = 100 * time.Millisecond

// debouncer holds when each signal to end came last.
type debouncer map[syscall.Signal]time.Time

// repeats reports whether sig is a signal to end that came just before, and takes note
// of it.
func (d debouncer) repeats(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP:
		last := d[sig]
		d[sig] = time.Now()
		return time.Since(last) < debounceWindow
	}
	return false
}

// NotifyDebounced is signal.Notify, but a signal to end that comes twice within
// debounceWindow comes once. It lasts until stop is called.
func NotifyDebounced(sigs ...os.Signal) (got <-chan os.Signal, stop func()) {
	from, to, done := make(chan os.Signal, 16), make(chan os.Signal, 16), make(chan struct{})
	signal.Notify(from, sigs...)
	go debounce(from, to, done)
	return to, func() {
		signal.Stop(from)
		close(done)
	}
}

func debounce(from <-chan os.Signal, to chan<- os.Signal, done <-chan struct{}) {
	last := debouncer{}
	for {
		select {
		case sig := <-from:
			if s, ok := sig.(syscall.Signal); ok && last.repeats(s) {
				continue
			}
			select {
			case to <- sig:
			case <-done:
			}
		case <-done:
			return
		}
	}
}
