//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ports

import (
	"errors"
	"os"
)

func openPlain(string, int) (*os.File, error) { return nil, errors.ErrUnsupported }

func tryLock(*os.File) error { return errors.ErrUnsupported }
