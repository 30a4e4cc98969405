//go:build linux || darwin || freebsd

package proc

import (
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DieOf ends this program by sig, as if it had no handler, so that whoever waits for it
// sees that. It leaves no core file. It returns where the signal does not end it.
func DieOf(sig syscall.Signal) {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	signal.Reset(sig)
	setDefault(sig)
	syscall.Kill(syscall.Getpid(), sig)
	time.Sleep(100 * time.Millisecond) // It may go to another thread.
}
