package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// PrivateDir makes dir and what is missing above it, 0700, and takes away what access
// other users have to dir. It refuses a link or a file in the place of dir; parents may
// be links.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := CheckDir(dir)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(dir, 0o700)
	}
	return err
}

// CheckDir refuses what is no directory, a link to one included. The error wraps
// fs.ErrNotExist where there is nothing.
func CheckDir(dir string) (fs.FileInfo, error) {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link, which is not followed: remove it", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory: remove it", dir)
	}
	return info, nil
}
