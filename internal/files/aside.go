package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// OpenHealed is Open that puts aside what is at path and is no regular file: the place is
// lhrun's own, so nothing else belongs there.
func OpenHealed(path string, flags int) (*os.File, error) {
	f, err := Open(path, flags)
	if !errors.Is(err, ErrNotRegular) {
		return f, err
	}
	if err := putAside(path); err != nil {
		return nil, err
	}
	return Open(path, flags)
}

// putAside renames what is at path, unless it is a regular file, to path.broken. It
// follows no link.
func putAside(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode().IsRegular():
		return nil // Another process was faster.
	case err == nil:
		err = os.Rename(path, path+".broken")
	}
	if err != nil {
		return fmt.Errorf("%s is not a regular file: remove it (%w)", path, Cause(err))
	}
	return nil
}
