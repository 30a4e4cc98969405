package cli

import (
	"os"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/spf13/cobra"
)

// runOptions are the arguments of run.
type runOptions struct {
	with    []string
	argv    []string
	verbose bool
	timeout time.Duration
}

func newRun(g *globals) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [--with A,B] -- CMD [ARG…]",
		Short: "Start what is needed, run a command, stop what was started",
		Long: `run starts all services, or those of --with and what they need, waits until
they are ready, and runs CMD in the project's environment, in the current
directory or that of -C. CMD has the terminal and gets each signal once. run
ends as CMD did: with its exit code, or by the signal that ended it. When CMD
has ended, run ends what CMD left behind, and those services that were started
for it and that nobody else uses.

The services run in the background. Another run, or an up, joins them; whoever
leaves last ends them, and "lhrun up -d" makes them stay until "lhrun down".
Where the project already runs, run joins it: it starts what is missing and, in
the end, stops only that, unless something else depends on it by then.

When a service fails, or not all is ready within --timeout, run does not run
CMD. It shows the reason and the last lines of the services at fault.

run does not show what services write; "lhrun logs" does. With -v it shows that
on standard error, where lhrun's own lines go too: standard output is CMD's
alone.

Exit codes besides CMD's own: 1 a service failed, 3 a port is taken, 4 not ready
in time, 130 interrupted before CMD began, 127 there is no CMD, 126 it cannot be
executed.`,
		Example: `  lhrun run -- npm test
  lhrun run --with db --timeout 1m -- go test ./...
  lhrun run -v --with api -- sh -c 'curl -f "$API_URL/healthz"'`,
		Args: runArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.argv = args
			return g.run(o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.with, "with", nil, "start only `A,B` and what they need")
	f.BoolVarP(&o.verbose, "logs", "v", false, "show what services write, on standard error")
	f.DurationVar(&o.timeout, "timeout", 0, "exit code 4 when not all is ready after `DURATION`")
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("with", g.completeNameList))
	return cmd
}

// runArgs wants the dash: everything behind it is the command's.
func runArgs(cmd *cobra.Command, args []string) error {
	switch dash := cmd.ArgsLenAtDash(); {
	case dash < 0:
		return usageError("run needs %q before the command: %s", "--", usageLine(cmd))
	case dash > 0:
		return usageError("run does not take %q before %q; services go into --with", args[0], "--")
	case len(args) == 0:
		return usageError("run needs a command after %q", "--")
	}
	return nil
}

// run does its work in the care of a guard, so that nothing is left of it whatever
// happens to it. The guard is in one process group with it and with the command, so
// a terminal treats the three as one.
func (g *globals) run(o runOptions) error {
	if guard, guarded := proc.Guarded(); guarded {
		return g.oneOff(o, guard)
	}
	return runGuarded(proc.GuardOptions{SameGroup: true})
}

// command is the command of run while it goes on.
type command struct {
	process *os.Process
	// began is a moment before it did.
	began time.Time
	// ended gets how it has ended.
	ended chan error
}

// begin starts x as a child with lhrun's own streams, in lhrun's process group.
func (g *globals) begin(x run.Execution) (*command, error) {
	path, err := x.Enter()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	process, err := os.StartProcess(path, x.Argv, &os.ProcAttr{Env: x.Env, Files: []*os.File{g.In, g.Out, g.Err}})
	if err != nil {
		return nil, &run.CommandError{Name: x.Argv[0], Err: err}
	}
	c := &command{process, began, make(chan error, 1)}
	go func() {
		state, err := process.Wait()
		if err != nil {
			c.ended <- err
			return
		}
		c.ended <- outcomeOf(state)
	}()
	return c, nil
}

// signal reaches the command alone, not what it has started.
func (c *command) signal(sig os.Signal) { _ = c.process.Signal(sig) } // It may be gone.

// reaction is what a signal takes to end who does nothing about it.
const reaction = 5 * time.Millisecond

// hear sees to it that a signal to the whole group reaches a command that began just
// then, and one that was sent to lhrun's two processes alone. Who lives and does nothing
// about it has not got it.
func (c *command) hear(a proc.Arrival) {
	sig, ok := a.Signal.(syscall.Signal)
	switch {
	case !ok:
	case a.At.Before(c.began):
		c.signal(sig)
	default:
		time.AfterFunc(reaction, func() {
			if proc.MissedSignal(c.process.Pid, sig) {
				c.signal(sig)
			}
		})
	}
}

// kill ends it at once.
func (c *command) kill() { _ = c.process.Signal(syscall.SIGKILL) }
