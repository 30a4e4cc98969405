//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Alive reports whether the very process that id names still runs. One that only
// waits to be reaped does not.
func Alive(id ID) bool {
	s, ok := readStat(id.PID)
	return ok && s.ID == id && !s.dead()
}

// Self names this process.
func Self() ID {
	s, ok := readStat(os.Getpid())
	if !ok {
		return ID{PID: os.Getpid()}
	}
	return s.ID
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return sig.String()
}
