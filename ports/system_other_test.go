//go:build !linux

package ports

import (
	"bufio"
	"errors"
)

const readsEnvironments = false

func askRole(*bufio.Scanner) error { return errors.ErrUnsupported }

func holdRole(*bufio.Scanner) error { return errors.ErrUnsupported }
