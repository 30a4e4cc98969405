//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ports

import (
	"errors"
	"syscall"
)

func newSession() *syscall.SysProcAttr { return nil }

func becomeUser(int) error { return errors.ErrUnsupported }

func fileLocks(string) (locks, error) { return nil, errors.ErrUnsupported }
