//go:build linux || darwin || freebsd

package proc

import "syscall"

// MissedSignal reports whether pid lives although sig would have ended it, so that it
// cannot have got sig.
func MissedSignal(pid int, sig syscall.Signal) bool {
	ignored, handled, ok := dispositions(pid)
	s, there := readStat(pid)
	return ok && there && !s.dead() && (ignored|handled)>>(sig-1)&1 == 0
}
