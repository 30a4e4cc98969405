//go:build !portable

package logs

import (
	"golang.org/x/sys/unix"
)

const (
	// widePipe is how many bytes a pipe holds whose writer is faster than we are: eight
	// times the usual, so that both wake up less often, which is a seventh of the time of
	// "4 × 500000 lines of 100 bytes to a file". Its content is not on disk yet, so it
	// is no more.
	widePipe = 512 << 10
	// mostWide bounds their number: all pipes of a user together may hold 64 MiB, and
	// beyond that the kernel makes tiny ones.
	mostWide = 8
)

// widePipes holds one value for each.
var widePipes = make(chan struct{}, mostWide)

// widen lets the pipe fd hold more, and reports whether it does.
func widen(fd uintptr) bool {
	select {
	case widePipes <- struct{}{}:
	default:
		return false
	}
	if _, err := unix.FcntlInt(fd, unix.F_SETPIPE_SZ, widePipe); err != nil {
		<-widePipes
		return false
	}
	return true
}

// narrowed frees the place of a wide pipe that has ended.
func narrowed() { <-widePipes }
