//go:build !unix

package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
)

// replaceSelf stands in for exec(2), which this system does not have.
func (g *globals) replaceSelf(path string, x execution) error {
	cmd := exec.Command(path, x.argv[1:]...)
	cmd.Env = x.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = g.In, g.Out, g.Err
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return exitError{code: 0}
	case errors.As(err, &exit):
		return exitError{code: exit.ExitCode()}
	}
	return execError(x.argv[0], err)
}

func executable(file string) error {
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		return fs.ErrPermission
	}
	return err
}

// codeOf is the exit code; there are no signals.
func codeOf(state *os.ProcessState) int { return state.ExitCode() }
