//go:build !unix

package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"

	"github.com/lhrun/lhrun/internal/run"
)

func resizes(os.Signal) bool       { return false }
func suspends(os.Signal) bool      { return false }
func resumes(os.Signal) bool       { return false }
func stopSelf()                    {}
func terminalSignals() []os.Signal { return nil }
func interrupts(os.Signal) bool    { return true }

// replaceSelf stands in for exec(2), which this system does not have.
func (g *globals) replaceSelf(path string, x run.Execution) error {
	cmd := exec.Command(path, x.Argv[1:]...)
	cmd.Env = x.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = g.In, g.Out, g.Err
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return exitError{code: 0}
	case errors.As(err, &exit):
		return exitError{code: exit.ExitCode()}
	}
	return &run.CommandError{Name: x.Argv[0], Err: err}
}

// outcomeOf returns the exit code; there are no signals.
func outcomeOf(state *os.ProcessState) error { return exitError{state.ExitCode(), nil} }

func writable(string) bool       { return true }
func ownedByMe(fs.FileInfo) bool { return true }

func (d doctor) disk(string, string) {}
func (d doctor) limits()             {}
