//go:build !linux && !darwin && !freebsd

package run

import (
	"errors"
	"os"
)

func bindEdge(int) (*os.File, error) { return nil, errors.ErrUnsupported }

func listenEdge(*os.File, bool) error { return errors.ErrUnsupported }
