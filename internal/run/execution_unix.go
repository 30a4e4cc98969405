//go:build unix

package run

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// executable returns nil for a file that this user may execute.
func executable(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fs.ErrPermission
	case unix.Access(file, unix.X_OK) != nil:
		return fs.ErrPermission
	}
	return nil
}
