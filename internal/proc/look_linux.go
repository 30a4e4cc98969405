//go:build !portable

package proc

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// failedLooks counts the looks at processes that failed for a reason of this program's or
// the machine's own. What they were to show may be there: nothing is final that was
// concluded while one failed.
var failedLooks atomic.Int64

// withFile calls use with path opened. Where this program is out of descriptors, it does so
// in a thread with a table of its own.
func withFile(path string, flags int, use func(fd int)) error {
	open := func() error {
		fd, err := unix.Open(path, flags|unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			use(fd)
			unix.Close(fd)
		}
		return err
	}
	err := open()
	if errors.Is(err, unix.EMFILE) {
		err = inOwnTable(open)
	}
	switch {
	case err == nil, errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH):
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM): // Of another user.
	default:
		failedLooks.Add(1)
	}
	return err
}

// inOwnTable calls do in a thread whose table of descriptors is its own copy, without its
// standard input, so that there is room for one more. do may make plain system calls only.
func inOwnTable(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // For good: the thread ends with this function.
		if unix.Gettid() == os.Getpid() {
			defer runtime.UnlockOSThread() // Go never ends this one, which would keep the copy.
			result <- inOwnTable(do)
			return
		}
		if err := unix.CloseRange(0, 0, unix.CLOSE_RANGE_UNSHARE); err != nil {
			result <- unix.EMFILE
			return
		}
		result <- do()
	}()
	return <-result
}
