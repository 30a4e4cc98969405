package proc

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// debounceWindow is how long after a signal to end the same signal belongs to the same
	// wish: pkill and a cgroup's end reach both of lhrun's processes, and runners pass on
	// the Ctrl-C that their whole group gets. A person who has read what the first one did
	// is slower. otherWindow is that for another signal to end: runners send SIGTERM after
	// SIGINT, service managers SIGHUP after SIGTERM.
	debounceWindow = 500 * time.Millisecond
	otherWindow    = time.Second
	// echoWindow is how long a second signal to end of the same kind counts as the first:
	// timeout(1), npm and others signal a process and then its group.
	echoWindow = 100 * time.Millisecond
	// hangUpWindow is how long SIGHUP waits for another signal to end, which then counts in
	// its place: the end of a login sends SIGTERM and SIGHUP, and the kernel hands out the
	// lower number first. A terminal that is gone sends SIGHUP alone.
	hangUpWindow = 20 * time.Millisecond
)

// Debouncer tells one wish to end from the next. The zero value has seen none.
type Debouncer struct {
	first os.Signal
	began time.Time
}

// Repeats reports whether sig, which has come just now, belongs to the wish to end of a
// signal before it. Signals that do not ask for an end repeat nothing.
func (d *Debouncer) Repeats(sig os.Signal) bool {
	if !asksToEnd(sig) {
		return false
	}
	if d.belongs(sig) {
		return true
	}
	d.first, d.began = sig, time.Now()
	return false
}

// belongs reports whether sig, a signal to end, belongs to the wish of one before it.
func (d *Debouncer) belongs(sig os.Signal) bool {
	window := otherWindow
	if sig == d.first {
		window = debounceWindow
	}
	return d.first != nil && time.Since(d.began) < window
}

func asksToEnd(sig os.Signal) bool {
	return sig == syscall.SIGINT || sig == syscall.SIGTERM || sig == syscall.SIGHUP
}

// echoes holds when each signal to end came last.
type echoes map[syscall.Signal]time.Time

// repeats reports whether sig is a signal to end that came just before, and takes note
// of it.
func (e echoes) repeats(sig syscall.Signal) bool {
	if !asksToEnd(sig) {
		return false
	}
	last := e[sig]
	e[sig] = time.Now()
	return time.Since(last) < echoWindow
}

// NotifyDebounced is signal.Notify, but signals to end that belong to one wish come as
// one. It lasts until stop is called.
func NotifyDebounced(sigs ...os.Signal) (got <-chan os.Signal, stop func()) {
	from, to, done := make(chan os.Signal, 16), make(chan os.Signal, 16), make(chan struct{})
	signal.Notify(from, sigs...)
	go debounce(from, to, done)
	return to, func() {
		signal.Stop(from)
		close(done)
	}
}

// inPlaceOfHangUp returns the signal to end that comes together with a SIGHUP, or SIGHUP.
func inPlaceOfHangUp(from <-chan os.Signal, done <-chan struct{}) os.Signal {
	over := time.After(hangUpWindow)
	for {
		select {
		case sig := <-from:
			if asksToEnd(sig) && sig != syscall.SIGHUP {
				return sig
			}
		case <-over:
			return syscall.SIGHUP
		case <-done:
			return syscall.SIGHUP
		}
	}
}

// debounce passes signals on until done closes.
func debounce(from <-chan os.Signal, to chan<- os.Signal, done <-chan struct{}) {
	var d Debouncer
	for {
		select {
		case sig := <-from:
			if sig == syscall.SIGHUP && !d.belongs(sig) {
				sig = inPlaceOfHangUp(from, done)
			}
			if d.Repeats(sig) {
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
