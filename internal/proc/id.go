//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Alive reports whether the very process that id names still runs. A process that only
// waits to be reaped does not.
func Alive(id ID) bool {
	s, ok := readStat(id.PID)
	return ok && s.ID == id && !s.dead()
}

// Lineage returns pid and those that it descends from, nearest first; nil if there is no
// such process.
func Lineage(pid int) []int {
	var line []int
	for s, ok := readStat(pid); ok && !slices.Contains(line, s.PID); s, ok = readStat(s.ppid) {
		line = append(line, s.PID)
	}
	return line
}

// Self names this process.
func Self() ID {
	s, ok := readStat(os.Getpid())
	if !ok {
		return ID{PID: os.Getpid()}
	}
	return s.ID
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return sig.String()
}
