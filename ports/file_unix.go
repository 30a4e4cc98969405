//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import (
	"errors"
	"os"
	"time"

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
func tryLock(f *os.File) error { return flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// waitLock is tryLock with patience. It closes f where it fails.
//
// It waits in the kernel, which wakes one after the other: fifty that asked again
// every few milliseconds kept each other from the processor for a second.
func waitLock(f *os.File, patience time.Duration) error {
	err := tryLock(f)
	if errors.Is(err, errHeld) {
		got, fd := make(chan error, 1), int(f.Fd())
		go func() { got <- flock(fd, unix.LOCK_EX) }()
		select {
		case err = <-got:
		case <-time.After(patience):
			go func() { // Nothing interrupts it; what it gets in the end it gives back.
				<-got
				f.Close()
			}()
			return errHeld
		}
	}
	if err != nil {
		f.Close()
	}
	return err
}

func flock(fd, how int) error {
	for {
		err := unix.Flock(fd, how)
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
