//go:build !unix

package run

import (
	"io/fs"
	"os"
)

func executable(file string) error {
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		return fs.ErrPermission
	}
	return err
}
