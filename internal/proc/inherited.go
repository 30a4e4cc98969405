//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultInChildren sees to it that signals which this program inherited as
// ignored are not ignored in its children: Go resets in a child what it handles.
func defaultInChildren(discard chan<- os.Signal) {
	mask, _, _ := dispositions(os.Getpid())
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTSTP, unix.SIGCONT} {
		if mask>>(sig-1)&1 != 0 {
			signal.Notify(discard, sig)
		}
	}
	for _, sig := range []syscall.Signal{unix.SIGTTIN, unix.SIGTTOU} {
		if mask>>(sig-1)&1 != 0 {
			ignore(discard, sig)
		}
	}
}
