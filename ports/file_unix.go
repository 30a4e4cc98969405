//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openPlain opens a regular file that is not a symbolic link, creating it 0600
// when asked to. It never waits, whatever was put in the file's place.
func openPlain(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) {
		return nil, errNotPlain
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(err, errNotPlain)
	}
	return f, nil
}

// tryLock returns errHeld when another open file has the lock.
func tryLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return errHeld
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}
