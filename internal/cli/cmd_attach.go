package cli

import (
	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
)

func newAttach(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "attach SERVICE",
		Short: "Type into a service that has a terminal",
		Long: `attach makes this terminal that of SERVICE, which needs "tty = true": what the
service writes is shown as it is, from the line on that is unfinished, and each
key goes to the service. A console, a debugger or a passphrase can be answered.
Ctrl-C, Ctrl-D and Ctrl-Z go to the service too. Ctrl-] leaves, and the service
runs on.

The service's terminal gets the size of this one. Several may be attached: all
see the same and may type, the size is that of whoever typed last, and the usual
one again when the last has left. When the service restarts, attach says so and
goes on.

Output also goes into the stream and the logs. What is typed does not, unless
the service's terminal shows it, which it does not while a password is asked
for.

With an input that is no terminal, such as a pipe, attach waits until SERVICE
runs, types that, and leaves at its end; "lhrun logs" has the answer.

Exit codes: 0 when you leave, or SERVICE was stopped or completed; 1 when it
failed; 2 when it has no terminal of lhrun's; 5 when it does not run.`,
		Example: `  lhrun attach console
  printf 'yes\n' | lhrun attach migrate`,
		Args:              between(1, 1),
		ValidArgsFunction: g.completeTTY,
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.attachTo(cmd.Context(), args[0])
		},
	}
}

// completeTTY completes the name of one service that has a terminal.
func (g *globals) completeTTY(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return g.namesOf(nil, func(s config.Service) bool { return s.TTY }), noFiles
}
