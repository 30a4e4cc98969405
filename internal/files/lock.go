package files

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// ErrLocked means that another open file has the lock, mostly another process's.
var ErrLocked = errors.New("locked by another process")

// Lock takes the exclusive lock on the file at path, which it makes if need be. It
// waits for at most patience, then fails with ErrLocked. The lock ends when the file is
// closed or its process dies. What is no file in its place is put aside.
func Lock(path string, patience time.Duration) (*os.File, error) {
	f, err := OpenHealed(path, os.O_RDWR|os.O_CREATE)
	if IsReadOnly(err) {
		// To see who has it takes no right to write. Where nothing is there, err says why.
		if there, e := Open(path, os.O_RDONLY); !errors.Is(e, fs.ErrNotExist) {
			f, err = there, e
		}
	}
	if err != nil {
		return nil, err
	}
	err = TryLock(f)
	if !errors.Is(err, ErrLocked) || patience <= 0 {
		return keepLocked(f, err)
	}
	// The kernel wakes those who wait one after the other: fifty that ask again every
	// few milliseconds keep each other from the processor for a second.
	got := make(chan error, 1)
	fd := int(f.Fd())
	go func() { got <- waitLock(fd) }()
	select {
	case err := <-got:
		return keepLocked(f, err)
	case <-time.After(patience):
		go func() { // Nothing interrupts the wait; a lock that comes late is given back.
			<-got
			_ = f.Close()
		}()
		return nil, ErrLocked
	}
}

// keepLocked returns f, or closes it where err is one.
func keepLocked(f *os.File, err error) (*os.File, error) {
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
