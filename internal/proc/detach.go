//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Detach starts this program again, with the same arguments, in a session of its
// own: no terminal's signals reach it. It has none of this one's files, only in,
// out and errs.
func Detach(env []string, in, out, errs *os.File) (*os.Process, error) {
	keepFilesFromChildren()
	path, err := ownPath()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program: %w", err)
	}
	p, err := os.StartProcess(path, os.Args, &os.ProcAttr{
		Env: env, Files: []*os.File{in, out, errs}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start %s again: %w", path, err)
	}
	return p, nil
}

// Redirect makes f the standard output and error output of this program.
func Redirect(f *os.File) error {
	for _, fd := range []int{1, 2} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return fmt.Errorf("cannot write to %s: %w", f.Name(), err)
		}
	}
	return nil
}
