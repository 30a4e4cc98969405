//go:build unix

package cli

import (
	"os"
	"syscall"
)

// resizes: the terminal has another size.
func resizes(sig os.Signal) bool { return sig == syscall.SIGWINCH }

// interrupts tells the signals that end a wait from those that only tell something.
func interrupts(sig os.Signal) bool {
	return sig != syscall.SIGWINCH && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
}
