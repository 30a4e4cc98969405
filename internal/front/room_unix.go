//go:build linux || darwin || freebsd

package front

import (
	"math"
	"syscall"
)

// descriptors is how many this process may have.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxUint64
	}
	return uint64(limit.Cur)
}
