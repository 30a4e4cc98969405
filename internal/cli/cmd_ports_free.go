package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
)

const (
	// freeTimeout is the patience between SIGTERM and SIGKILL.
	freeTimeout = 5 * time.Second
	// freeRounds is how many processes are ended for one port: what starts them
	// again is not for lhrun to fight.
	freeRounds = 3
)

// freed is what `ports free --json` prints, one for each port that was looked at.
type freed struct {
	Port  int          `json:"port"`
	Ended []holderFact `json:"ended"`
}

func newPortsFree(g *globals) *cobra.Command {
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "free SERVICE [NAME]",
		Short: "End the process that sits on a service's port",
		Long: `free ends the process that sits on SERVICE's ports, or on its further port NAME.
It says who that is, asks, sends SIGTERM, and SIGKILL after 5s. In a script,
where nobody can answer, it needs --yes.

It ends only processes of this user, never one that it was started from, and
never a service of a running lhrun: "lhrun stop" is for those.`,
		Example: `  lhrun ports free api
  lhrun ports free api debug --yes`,
		Args:              between(1, 2),
		ValidArgsFunction: g.completePort,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := g.Open()
			if err != nil {
				return err
			}
			wanted, err := portsToFree(p, args)
			if err != nil {
				return err
			}
			f := &freeing{globals: g, project: p, yes: yes, quiet: asJSON, done: []freed{}}
			for _, l := range wanted {
				if err := f.free(l); err != nil {
					return err
				}
			}
			if asJSON {
				return g.printJSON(f.done)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	addJSON(cmd, &asJSON)
	return cmd
}

// portsToFree are all ports of the service that args name, or the one further port.
func portsToFree(p *run.Project, args []string) ([]ports.Lease, error) {
	if _, err := p.Service(args[0]); err != nil {
		return nil, err
	}
	if len(args) == 2 {
		if _, err := portOf(p, args[0], args[1]); err != nil {
			return nil, err
		}
	}
	var out []ports.Lease
	for _, l := range p.Leases {
		if l.Service == args[0] && (len(args) == 1 || l.Name == args[1]) {
			out = append(out, l)
		}
	}
	if out == nil {
		return nil, usageError("service %q has no port", args[0])
	}
	return out, nil
}

// freeCommand is what ends the process that sits on a port.
func freeCommand(r ports.Request) string {
	return "lhrun ports free " + strings.TrimSpace(r.Service+" "+r.Name)
}

// freeing is one `ports free`.
type freeing struct {
	*globals
	project    *run.Project
	yes, quiet bool
	done       []freed
}

func (f *freeing) say(format string, args ...any) {
	if !f.quiet {
		fmt.Fprintf(f.Out, format+"\n", args...)
	}
}

// free ends whoever has the port that l is at home on.
func (f *freeing) free(l ports.Lease) error {
	result := freed{l.Home, []holderFact{}}
	defer func() { f.done = append(f.done, result) }()
	what := fmt.Sprintf("port %d of %s", l.Home, run.PortLabel(l.Request))
	for round := 0; ; round++ {
		holder, err := inTheWay(l.Home)
		if err != nil {
			return err
		}
		if holder == nil && round == 0 {
			f.say("%s is free already", what)
		}
		if holder == nil {
			return nil
		}
		if round == freeRounds {
			return fmt.Errorf("%s is taken again and again, now by %s: end what starts it", what, holder)
		}
		if err := f.end(what, l, *holder); err != nil {
			return err
		}
		result.Ended = append(result.Ended, factOf(*holder))
	}
}

// inTheWay is who has a port, nil when nobody has. A socket that is just being
// closed is given a moment.
func inTheWay(port int) (*ports.Holder, error) {
	for limit := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ports.Free(port)
		var busy *ports.BusyError
		switch {
		case err == nil:
			return nil, nil
		case !errors.As(err, &busy):
			return nil, err
		case busy.Holder != ports.Holder{} || time.Now().After(limit):
			return &busy.Holder, nil
		}
	}
}

// end ends one holder, unless that must not be or is not wanted.
func (f *freeing) end(what string, l ports.Lease, h ports.Holder) error {
	id, ok := proc.Identify(h.PID)
	if err := f.refuse(what, l, h); err != nil {
		return err
	}
	if !ok {
		return nil // It is gone by now.
	}
	if err := f.ask(what, h); err != nil {
		return err
	}
	if err := proc.EndForeign(id, freeTimeout); err != nil {
		return err
	}
	f.say("ended pid %d, which had %s", h.PID, what)
	return nil
}

// refuse says why a holder must not be ended.
func (f *freeing) refuse(what string, l ports.Lease, h ports.Holder) error {
	entries, err := f.project.Registry.Entries()
	if err != nil {
		return err
	}
	if refusal, _ := wayOut(entries, f.project.Checkout.Dir, l.Request, h); refusal != "" {
		return fmt.Errorf("%s is held by %s%s", what, factOf(h), refusal)
	}
	return nil
}

// wayOut says why free refuses to end h, which has the port of q in the checkout at dir,
// and what helps: the command free where it does not refuse.
func wayOut(entries []ports.Entry, dir string, q ports.Request, h ports.Holder) (refusal, advice string) {
	other := fmt.Sprintf("give %s another port", q.Service)
	live := leaseOf(entries, h)
	switch {
	case live != nil && live.Dir == dir:
		stop := "lhrun stop " + cmp.Or(h.Service, q.Service)
		return fmt.Sprintf(", of the run that goes on here: end it with %q", stop), stop
	case live != nil && live.Dir != "":
		stop := strings.TrimSpace("lhrun -C " + words.ShellQuote(live.Dir) + " stop " + live.Service)
		return fmt.Sprintf(", which runs: end it with %q", stop), stop
	case h.PID == 0, h.User != "" && h.User != currentUser():
		return ": only that user can end it", cmp.Or(h.User, "its user") + " alone can end it, or " + other
	case !isEndable(h):
		return ", which this very command was started from", other
	}
	return "", freeCommand(q)
}

// isEndable reports whether free would end h, as far as the process tells.
func isEndable(h ports.Holder) bool {
	return h.PID > 1 && (h.User == "" || h.User == currentUser()) && !proc.Above(h.PID)
}

// leaseOf is a lease of the lhrun that runs and that h belongs to; nil is none.
func leaseOf(entries []ports.Entry, h ports.Holder) *ports.Entry {
	for _, e := range entries {
		if e.Live && (e.PID == h.PID && h.PID != 0 || h.Project != "" && e.Project == h.Project && e.Dir == h.Dir && (h.Service == "" || e.Service == h.Service)) {
			return &e
		}
	}
	return nil
}

// ask returns an error unless the user agrees.
func (f *freeing) ask(what string, h ports.Holder) error {
	if f.yes {
		return nil
	}
	if !term.IsTerminal(int(f.In.Fd())) {
		return usageError("%s is held by %s; --yes ends it", what, factOf(h))
	}
	fmt.Fprintf(f.Err, "%s is held by %s\nEnd it? [y/N] ", what, factOf(h))
	answer, _ := bufio.NewReader(f.In).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return exitError{exitFailed, errors.New("nothing was ended")}
}
