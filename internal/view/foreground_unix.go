//go:build unix

package view

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground reports whether this program may change the terminal f. One in the
// background would be stopped for that.
func inForeground(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
