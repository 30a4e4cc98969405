package proc

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// onePress is how long the same signal to end is not taken for a second one:
// timeout(1), npm and others send theirs to a process and to its group.
const onePress = 100 * time.Millisecond

// presses are when each signal to end came last.
type presses map[syscall.Signal]time.Time

// again reports whether sig, one that ends, is the echo of the one just before.
func (p presses) again(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP:
		last := p[sig]
		p[sig] = time.Now()
		return time.Since(last) < onePress
	}
	return false
}

// Presses is signal.Notify where a signal to end and its echo are one. It lasts
// until stop is called.
func Presses(sigs ...os.Signal) (got <-chan os.Signal, stop func()) {
	from, to, done := make(chan os.Signal, 16), make(chan os.Signal, 16), make(chan struct{})
	signal.Notify(from, sigs...)
	go withoutEchoes(from, to, done)
	return to, func() {
		signal.Stop(from)
		close(done)
	}
}

func withoutEchoes(from <-chan os.Signal, to chan<- os.Signal, done <-chan struct{}) {
	seen := presses{}
	for {
		select {
		case sig := <-from:
			if s, ok := sig.(syscall.Signal); ok && seen.again(s) {
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
