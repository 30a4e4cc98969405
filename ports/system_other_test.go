//go:build !linux || portable

package ports

import (
	"bufio"
	"errors"
)

func askRole(*bufio.Scanner) error { return errors.ErrUnsupported }

func holdRole(*bufio.Scanner) error { return errors.ErrUnsupported }
