//go:build unix

package cli

import (
	"os"
	"syscall"

	"github.com/lhrun/lhrun/internal/run"
)

// resizes reports whether sig tells of another size of the terminal.
func resizes(sig os.Signal) bool { return sig == syscall.SIGWINCH }

// terminalSignals are those that a program gets for its terminal, but for the Ctrl-C.
func terminalSignals() []os.Signal {
	return []os.Signal{syscall.SIGWINCH, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGCONT}
}

func suspends(sig os.Signal) bool { return sig == syscall.SIGTSTP }
func resumes(sig os.Signal) bool  { return sig == syscall.SIGCONT }

// stopSelf stops this program until somebody has it go on.
func stopSelf() { _ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) }

// interrupts tells the signals that end a wait from those that only tell something.
func interrupts(sig os.Signal) bool {
	return sig != syscall.SIGWINCH && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
}

// replaceSelf returns only when the kernel refuses.
func (g *globals) replaceSelf(path string, x run.Execution) error {
	return &run.CommandError{Name: x.Argv[0], Err: syscall.Exec(path, x.Argv, x.Env)}
}

// outcomeOf is the exit code of a command, or the signal that has ended it.
func outcomeOf(state *os.ProcessState) error {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return signalError{ws.Signal(), nil}
	}
	return exitError{state.ExitCode(), nil}
}
