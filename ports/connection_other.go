//go:build !linux || portable

package ports

import (
	"errors"
	"fmt"
	"runtime"
)

func unsupported() error {
	return fmt.Errorf("connections cannot be counted on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func connections() ([]Connection, error) { return nil, unsupported() }

func openIn([]int, []End) (map[End]bool, error) { return nil, unsupported() }

func holdersOf([]End) (map[End]Holder, error) { return nil, unsupported() }
