package cli

import (
	"strings"

	"github.com/lhrun/lhrun/internal/run"
	"github.com/spf13/cobra"
)

func newExec(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "exec [SERVICE] -- CMD [ARG…]",
		Short: "Run a command in the project's or a service's environment",
		Long: `exec runs CMD with the variables of the project, in the current directory or
that of -C. With SERVICE it runs with that service's own variables in that
service's working_dir, as the service itself does. exec starts no service. CMD
takes lhrun's place: terminal, signals and exit code are CMD's.

Exit codes besides CMD's own: 127 when there is no CMD, 126 when it cannot be
executed.`,
		Example: `  lhrun exec -- npm test
  lhrun exec api -- sh -c 'psql "$DATABASE_URL"'`,
		Args:              execArgs,
		ValidArgsFunction: g.completeService,
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			p, err := g.Open()
			if err != nil {
				return err
			}
			x, err := p.Execution(strings.Join(args[:dash], ""), g.Dir, args[dash:])
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

// become replaces lhrun by x. It returns only when that cannot be done, or, where
// the system has no such thing, with x's exit code.
func (g *globals) become(x run.Execution) error {
	path, err := x.Enter()
	if err != nil {
		return err
	}
	return g.replaceSelf(path, x)
}
