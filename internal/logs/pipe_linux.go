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
	// mostWide bounds them: all pipes of a user together have 64 MiB, and who is above
	// that gets tiny ones.
	mostWide = 8
)

// widePipes has a place taken for each.
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

// narrowed gives back the place of a pipe that has come to its end.
func narrowed() { <-widePipes }
