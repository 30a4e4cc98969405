//go:build !unix

package files

import (
	"errors"
	"os"
)

// TryLock fails with errors.ErrUnsupported: there are no locks here.
func TryLock(*os.File) error { return errors.ErrUnsupported }

func waitLock(int) error { return errors.ErrUnsupported }
