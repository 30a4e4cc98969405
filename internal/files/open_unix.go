//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Open opens the private file at path; with os.O_CREATE it makes a missing one. A file
// opened for writing becomes 0600 where it was not. Open follows no link at the end of
// path and never waits: whatever is there but a regular file is a *fs.PathError with
// ErrNotRegular.
func Open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, private)
	switch {
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.EMLINK), // a link; FreeBSD says EMLINK
		errors.Is(err, unix.ENXIO), errors.Is(err, unix.EOPNOTSUPP), // a pipe without a reader, a socket
		errors.Is(err, unix.EISDIR):
		return nil, notRegular(path)
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(path)
	}
	if err == nil && flags&(os.O_WRONLY|os.O_RDWR) != 0 && info.Mode().Perm() != private {
		err = f.Chmod(private)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func notRegular(path string) error { return &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular} }
