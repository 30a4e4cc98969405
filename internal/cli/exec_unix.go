//go:build unix

package cli

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// replaceSelf returns only when the kernel refuses.
func (g *globals) replaceSelf(path string, x execution) error {
	return execError(x.argv[0], syscall.Exec(path, x.argv, x.env))
}

// executable is nil for a file that this user may execute.
func executable(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fs.ErrPermission
	case unix.Access(file, unix.X_OK) != nil:
		return fs.ErrPermission
	}
	return nil
}

// codeOf is the exit code that a shell would give: 128+n for signal n.
func codeOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
