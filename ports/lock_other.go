//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ports

import (
	"errors"
	"fmt"
	"runtime"
)

func newLocks(string) (locks, error) {
	return nil, fmt.Errorf("cannot lease ports on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
