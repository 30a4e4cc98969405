package cli

import (
	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/supervisor"
)

// newChange makes one of start, stop and restart: cmd is what they differ in.
func newChange(g *globals, cmd *cobra.Command, noDeps string) *cobra.Command {
	o := changeOptions{verb: supervisor.Verb(cmd.Name())}
	cmd.Args = cobra.ArbitraryArgs
	cmd.ValidArgsFunction = g.completeServices
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 && o.noDeps {
			return usageError("--no-deps needs the names of services")
		}
		o.names = names
		if o.reload {
			return g.reload(cmd.Context(), o)
		}
		return g.change(cmd.Context(), o)
	}
	f := cmd.Flags()
	if o.verb == supervisor.VerbRestart {
		f.BoolVar(&o.reload, "reload", false, "take what the file says of them now")
	}
	f.BoolVar(&o.noDeps, "no-deps", false, noDeps)
	f.DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not done after `DURATION`")
	addJSON(cmd, &o.json)
	return cmd
}

func newStart(g *globals) *cobra.Command {
	return newChange(g, &cobra.Command{
		Use:   "start [SERVICE…]",
		Short: "Start services and what they need, and wait until they are ready",
		Long: `start starts services of the running project, what they depend on first, and
returns when they are ready; for a task, when it is completed. A completed task
that is named runs again. What runs already stays as it is. Without a name it
starts what is missing of all that lhrun up starts.

With --no-deps, what the named services need is neither started nor waited for.

Exit codes: 1 when one fails, 4 when not all is ready within --timeout, 5 when
the project does not run.`,
		Example: `  lhrun start worker
  lhrun start              what is missing
  lhrun start migrate      run a task again
  lhrun start api --json`,
	}, "neither start nor wait for what they depend on")
}

func newStop(g *globals) *cobra.Command {
	return newChange(g, &cobra.Command{
		Use:   "stop [SERVICE…]",
		Short: "Stop services, those that depend on them first",
		Long: `stop stops services of the running project, after those that depend on them, and
returns when nothing of their process trees is left. Without a name it stops all
of them. The run goes on, even with no service left: lhrun start brings a
service back, lhrun down ends the run.

Exit codes: 4 when something is still there after --timeout, 5 when the project
does not run.`,
		Example: `  lhrun stop worker
  lhrun stop db            and what depends on it
  lhrun stop db --no-deps
  lhrun stop               all services`,
	}, "leave alone what depends on them")
}

func newRestart(g *globals) *cobra.Command {
	return newChange(g, &cobra.Command{
		Use:   "restart [SERVICE…]",
		Short: "Stop services, start them again and wait until they are ready",
		Long: `restart ends services of the running project and starts each again, on the same
port, when its whole process tree is gone and its port is free. It returns when
they are ready. What depends on them goes on, except where the file says
restart = true. Without a name it restarts all that is up or has failed, without
a question; completed tasks stay so.

With --reload they take their new form of a file that has changed, as with
"lhrun reload", and restart even where nothing changed for them.

With --no-deps, what the named services need is neither started nor waited for.

Exit codes: 1 when one fails, 4 when not all is ready within --timeout, 5 when
the project does not run; with --reload also 2 for a mistake in the file and 3
when a port is taken, and then nothing has changed.`,
		Example: `  lhrun restart api
  lhrun restart api --reload
  lhrun restart api web --timeout 30s
  lhrun restart            all of them`,
	}, "neither start nor wait for what they depend on")
}
