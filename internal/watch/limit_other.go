//go:build !linux

package watch

import (
	"errors"
	"syscall"
)

// limit explains an error that is the limit of open files, and else is otherwise.
func limit(err error, otherwise string) string {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return `cannot watch more files: the limit of open files is reached; raise it with "ulimit -n", let git ignore large directories, or watch less`
	}
	return otherwise
}
