package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/proc"
)

// upOptions are the flags of up.
type upOptions struct {
	names          []string
	timestamps     bool
	logFormat      string
	timeout        time.Duration
	abortOnFailure bool
	noDeps         bool
	dryRun         bool
	keepGoing      bool
}

func newUp(g *globals) *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up [SERVICE…]",
		Short: "Start all services, or these and what they need, until Ctrl-C",
		Long: `up gives every service its port, writes the port files, starts each service as
soon as what it depends on is ready, and shows what they write. The first Ctrl-C
stops them, dependents first; the second kills what is left.

With a Procfile everything ends when one process does, with its exit code.`,
		Example: `  lhrun up                 everything
  lhrun up api             api and what it depends on
  lhrun up --timeout 30s   give up, with exit code 4, when not all is ready by then
  lhrun up -t --no-color   with times, without colours`,
		ValidArgsFunction: g.completeServices,
		RunE: func(_ *cobra.Command, names []string) error {
			o.names = names
			return g.up(o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.timestamps, "timestamps", "t", false, "put the time before each line")
	f.StringVar(&o.logFormat, "log-format", "text", "`FORMAT` of the stream: text or json")
	f.DurationVar(&o.timeout, "timeout", 0, "stop with exit code 4 when not all is ready after `DURATION`")
	f.BoolVar(&o.abortOnFailure, "abort-on-failure", false, "stop everything when a service fails")
	f.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be started, and start nothing")
	f.BoolVar(&o.keepGoing, "keep-going", false, "with a Procfile: go on when a process ends")
	return cmd
}

func (g *globals) up(o upOptions) error {
	if o.logFormat != "text" && o.logFormat != "json" {
		return usageError("--log-format is text or json, not %q", o.logFormat)
	}
	if o.noDeps && len(o.names) == 0 {
		return usageError("--no-deps needs the names of services")
	}
	if o.dryRun {
		return g.dryRun(o)
	}
	ward, guarded := proc.Guarded()
	if !guarded {
		code, err := proc.Guard(proc.GuardOptions{})
		if err != nil {
			return err
		}
		return exitError{code, nil}
	}
	ses, err := g.openSession(o, ward)
	if err != nil {
		return err
	}
	return errors.Join(ses.run(ward), ses.close())
}

// dryRun says what up would do, in the order of doing it.
func (g *globals) dryRun(o upOptions) error {
	p, err := g.open()
	if err != nil {
		return err
	}
	wanted, err := p.Select(o.names, g.profiles, o.noDeps)
	if err != nil {
		return err
	}
	for _, name := range wanted {
		svc, err := p.service(name)
		if err != nil {
			return err
		}
		fmt.Fprintln(g.Out, "start", name+onPort(p, svc)+afterWhat(svc))
	}
	return nil
}

func onPort(p *project, svc *config.Service) string {
	if port := portIn(p.leases)(svc.Name, ""); port != 0 {
		return fmt.Sprintf(" on %d", port)
	}
	return ""
}

func afterWhat(svc *config.Service) string {
	text, sep := "", " when "
	for _, d := range svc.DependsOn {
		text += fmt.Sprintf("%s%s is %s", sep, d.Name, d.Condition)
		sep = ", "
	}
	return text
}
