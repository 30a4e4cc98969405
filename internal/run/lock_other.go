//go:build !unix

package run

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked by another process")

// lockFile can't lock here: two lhruns of one checkout are not told apart.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

func openPlain(path string) (*os.File, error) { return os.Open(path) }
