//go:build unix

package cli

import (
	"os"
	"syscall"

	"github.com/lhrun/lhrun/internal/run"
)

// resizes reports whether sig tells of another size of the terminal.
func resizes(sig os.Signal) bool { return sig == syscall.SIGWINCH }

// interrupts tells the signals that end a wait from those that only tell something.
func interrupts(sig os.Signal) bool {
	return sig != syscall.SIGWINCH && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
}

// replaceSelf returns only when the kernel refuses.
func (g *globals) replaceSelf(path string, x run.Execution) error {
	return &run.CommandError{Name: x.Argv[0], Err: syscall.Exec(path, x.Argv, x.Env)}
}

// codeOf is the exit code that a shell would give: 128+n for signal n.
func codeOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
