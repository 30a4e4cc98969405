package logs

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// widePipe is how many bytes a pipe holds whose writer is faster than we are: eight
	// times the usual, so that both are woken up less often. What is in it is not on
	// disk yet, so it is no more.
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

// readerOf is how fd is read. Where a read never blocks, Go's scheduler is not told
// of it: in a flood it would wake up another thread for many of them.
func readerOf(fd uintptr) func(fd uintptr, b []byte) (int, error) {
	if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		return read
	}
	return func(fd uintptr, b []byte) (int, error) {
		n, _, err := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if err != 0 {
			return 0, err
		}
		return int(n), nil
	}
}
