//go:build unix

package files

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// TryLock takes the exclusive lock on f, or fails with ErrLocked at once. Other errors
// mean that the file system has no locks.
func TryLock(f *os.File) error { return flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

func waitLock(fd int) error { return flock(fd, unix.LOCK_EX) }

func flock(fd, how int) error {
	for {
		err := unix.Flock(fd, how)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}
