//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ports

import (
	"errors"
	"os"
	"time"
)

func openPlain(string, int) (*os.File, error) { return nil, errors.ErrUnsupported }

func tryLock(*os.File) error { return errors.ErrUnsupported }

func waitLock(*os.File, time.Duration) error { return errors.ErrUnsupported }
