//go:build !unix

package files

import (
	"errors"
	"io/fs"
	"os"
)

// Open opens the file at path; with os.O_CREATE it makes a missing one. Only a
// directory is told from a file here.
func Open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags, private)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, errors.Join(err, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular})
	}
	return f, nil
}
