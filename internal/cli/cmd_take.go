package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
)

// takeOptions are the flags of take.
type takeOptions struct {
	service string
	command []string
	stop    bool
	outside bool
}

func newTake(g *globals) *cobra.Command {
	var o takeOptions
	cmd := &cobra.Command{
		Use:   "take SERVICE [-- CMD [ARG…]]",
		Short: "Run a service by hand, in this terminal",
		Long: `take stops SERVICE, none of what depends on it, and runs its own command or CMD
in this terminal, with its input, as that service: on its ports, with its
environment, in its directory. Others find it ready as usual, and ps says "by
hand" and its pid. What it needs is neither started nor waited for. CMD takes
lhrun's place: terminal, signals and exit code are CMD's.

When CMD ends, however it does, the supervised process comes back, if there was
one; with --stop the service stays stopped. "lhrun stop", "restart" and "down"
end CMD. Nothing else does: changes of files and of lhrun.toml, failed probes.
Its output goes to the terminal alone.

With --outside, take starts nothing and returns: the service is whoever of this
user listens on its port, such as what an IDE runs, until "lhrun start SERVICE".

Exit codes besides CMD's own: 5 when the project does not run, 127 when there is
no CMD, 126 when it cannot be executed.`,
		Example: `  lhrun take api
  lhrun take api -- node --inspect server.js
  lhrun take api --outside       then run it in the IDE; lhrun env api`,
		ValidArgsFunction: g.completeService,
		Args: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			switch {
			case dash < 0 && len(args) == 1, dash == 1 && len(args) > 1 && !o.outside:
				return nil
			case o.outside && dash >= 0:
				return usageError("take --outside runs no command")
			}
			return usageError("take needs one SERVICE, and %q before a command: %s", "--", usageLine(cmd))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.service, o.command = args[0], args[1:]
			if o.outside && o.stop {
				return usageError("--stop goes with a command, not with --outside")
			}
			return g.take(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&o.stop, "stop", false, "leave the service stopped when the command has ended")
	cmd.Flags().BoolVar(&o.outside, "outside", false, "start nothing: the service is whoever listens on its port")
	return cmd
}

func (g *globals) take(cmd *cobra.Command, o takeOptions) error {
	ctx := cmd.Context()
	_, client, err := g.DialOr(ctx, "lhrun up", o.service)
	if err != nil {
		return err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	if _, known := view.ServiceNamed(now, o.service); !known {
		return exitError{exitUsage, words.Unknown("service", o.service, view.Names(now.Services))}
	}
	r := control.Request{Verb: control.VerbTake, Services: []string{o.service}, Outside: o.outside, Leave: o.stop}
	if !o.outside {
		r.PID = os.Getpid()
	}
	answer, err := client.Ask(ctx, r)
	if err != nil {
		return asUsage(err)
	}
	if o.outside {
		_, err := fmt.Fprintf(g.Out, "%s is whoever listens on its port, until \"lhrun start %s\"\n", o.service, o.service)
		return err
	}
	x := run.Execution{Argv: answer.Taken.Command, Env: inThisTerminal(answer.Taken.Env), Dir: answer.Taken.Dir}
	if len(o.command) > 0 {
		x.Argv = o.command
	}
	fmt.Fprintf(g.Err, "lhrun: %s, by hand: %s\n", o.service, strings.Join(x.Argv, " "))
	return g.become(x)
}

// inThisTerminal returns env with what says which terminal this is: env may come from
// another.
func inThisTerminal(env []string) []string {
	for _, key := range []string{"TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"} {
		env = slices.DeleteFunc(env, func(pair string) bool { return strings.HasPrefix(pair, key+"=") })
		if value, set := os.LookupEnv(key); set {
			env = append(env, key+"="+value)
		}
	}
	return env
}
