package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// execution is a command to become.
type execution struct {
	argv []string
	env  []string
	// dir is where it runs; "" is here.
	dir string
}

func newExec(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "exec [SERVICE] -- CMD [ARG…]",
		Short: "Run a command in the project's or a service's environment",
		Long: `exec runs CMD with the variables of the project, in the current directory or
that of -C. With SERVICE it runs with that service's own variables in that
service's working_dir, as the service itself does. Nothing is started, and CMD
takes lhrun's place: terminal, signals and exit code are CMD's.

Exit codes besides CMD's own: 127 when there is no CMD, 126 when it cannot be
executed.`,
		Example: `  lhrun exec -- npm test
  lhrun exec api -- sh -c 'psql "$DATABASE_URL"'`,
		Args:              execArgs,
		ValidArgsFunction: g.completeService,
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			p, err := g.open()
			if err != nil {
				return err
			}
			x, err := p.execution(strings.Join(args[:dash], ""), g.dir, args[dash:])
			if err != nil {
				return err
			}
			return g.become(x)
		},
	}
}

// execArgs wants the dash: without it nobody could tell a service from a command.
func execArgs(cmd *cobra.Command, args []string) error {
	dash := cmd.ArgsLenAtDash()
	switch {
	case dash < 0:
		return usageError("exec needs %q before the command: %s", "--", usageLine(cmd))
	case dash > 1:
		return usageError("exec takes one SERVICE before %q, not %q", "--", args[:dash])
	case dash == len(args):
		return usageError("exec needs a command after %q", "--")
	}
	return nil
}

// execution is argv in the environment of service, or of the project where
// service is "".
func (p *project) execution(service, dir string, argv []string) (execution, error) {
	if err := p.known(service); err != nil {
		return execution{}, err
	}
	if s, err := p.resolvedService(service); err == nil {
		dir = s.Dir
	}
	env, _ := p.resolved.Environ(service)
	return execution{argv, env, dir}, nil
}

// become replaces lhrun by x. It returns only when that cannot be done, or, where
// the system has no such thing, with x's exit code.
func (g *globals) become(x execution) error {
	path, err := x.enter()
	if err != nil {
		return err
	}
	return g.replaceSelf(path, x)
}

// enter goes to the directory of x and finds its program.
func (x *execution) enter() (path string, err error) {
	if x.dir != "" {
		x.env = setVar(x.env, "PWD", abs(x.dir))
		if err := os.Chdir(x.dir); err != nil {
			return "", exitError{exitCannotExec, err}
		}
	}
	path, err = lookPath(x.argv[0], lookup(x.env, "PATH"))
	if err != nil {
		return "", execError(x.argv[0], err)
	}
	return path, nil
}

// execError has the codes that shells give.
func execError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return exitError{exitNotFound, fmt.Errorf("cannot run %q: there is no such command", name)}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return exitError{exitCannotExec, fmt.Errorf("cannot run %q: %w", name, err)}
}

// lookPath finds name as a shell does, in the path that the command will see
// rather than in lhrun's own. Of several reasons it prefers "not allowed" to
// "not there".
func lookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, executable(name)
	}
	reason := error(fs.ErrNotExist)
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if dir == "" || dir == "." {
			file = "." + string(filepath.Separator) + name
		}
		switch err := executable(file); {
		case err == nil:
			return file, nil
		case errors.Is(err, fs.ErrPermission):
			reason = err
		}
	}
	return "", reason
}

// lookup is the last value of key in env.
func lookup(env []string, key string) string {
	value := ""
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); k == key {
			value = v
		}
	}
	return value
}

// setVar is env with key set to value, once.
func setVar(env []string, key, value string) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, key+"=") {
			out = append(out, kv)
		}
	}
	return append(out, key+"="+value)
}
