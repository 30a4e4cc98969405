package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/ports"
)

// portEntry is what `ports --json` prints an array of. Live is leased by a lhrun
// that runs, PID. A PID without Live is of somebody else who has the port.
type portEntry struct {
	Port     int    `json:"port"`
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Dir      string `json:"dir"`
	Service  string `json:"service"`
	Name     string `json:"name"`
	Live     bool   `json:"live"`
	PID      int    `json:"pid"`

	user   string
	holder *ports.Holder
}

func newPorts(g *globals) *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "ports",
		Short: "Show who has which port, and free one",
		Long: `ports lists every port that a running lhrun on this machine has leased, of any
user, and this project's ports, whether it runs or not. It names whoever else
sits on one. With --all it also lists the ports of other checkouts that do not
run: nobody else gets those.`,
		Example: `  lhrun ports
  lhrun ports who 3000        who has a port
  lhrun ports free api        end the process that sits on api's port
  lhrun ports --json | jq '.[] | select(.live)'`,
		Args: between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			entries, err := g.portEntries(all)
			if err != nil {
				return err
			}
			if asJSON {
				return g.printJSON(entries)
			}
			return g.writePorts(entries)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also the ports of other checkouts that do not run")
	addJSON(cmd, &asJSON)
	cmd.AddCommand(newPortsWho(g), newPortsFree(g))
	return cmd
}

// anywhere is the project that is here and the registry of its ports; without a
// project, the registry alone.
func (g *globals) anywhere() (*run.Project, *ports.Registry, error) {
	p, err := g.Open()
	if err == nil {
		return p, p.Registry, nil
	}
	if !errors.Is(err, config.ErrNotFound) || g.File != "" {
		return nil, nil, err
	}
	registry, err := ports.Open(ports.Options{Warn: g.Warn})
	return nil, registry, err
}

func (g *globals) portEntries(all bool) ([]portEntry, error) {
	p, registry, err := g.anywhere()
	if err != nil {
		return nil, err
	}
	known, err := registry.Entries()
	if err != nil {
		return nil, err
	}
	out := []portEntry{}
	for _, e := range known {
		if e.Live || all || hasPort(p, e) {
			out = append(out, portEntry{e.Port, e.Project, e.Instance, e.Dir, e.Service, e.Name, e.Live, e.PID, e.User, nil})
		}
	}
	out = addIdle(p, out)
	for i := range out {
		if err := lookAt(p, &out[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b portEntry) int { return cmp.Compare(a.Port, b.Port) })
	return out, nil
}

// hasPort reports whether e is the home of a port that p's file speaks of.
func hasPort(p *run.Project, e ports.Entry) bool {
	if p == nil || e.Dir != p.Checkout.Dir || e.Project != p.Checkout.Project {
		return false
	}
	return slices.ContainsFunc(p.Leases, func(l ports.Lease) bool {
		return l.Home == e.Port && l.Service == e.Service && l.Name == e.Name
	})
}

// addIdle adds those of p's ports that no registry knows: fixed ones, while
// nothing runs.
func addIdle(p *run.Project, entries []portEntry) []portEntry {
	if p == nil {
		return entries
	}
	for _, l := range p.Leases {
		known := func(e portEntry) bool { return e.Port == l.Home && isOf(p, e) }
		if !slices.ContainsFunc(entries, known) {
			c := p.Checkout
			entries = append(entries, portEntry{Port: l.Home, Project: c.Project, Instance: c.Instance, Dir: c.Dir, Service: l.Service, Name: l.Name})
		}
	}
	return entries
}

// isOf reports whether e is a port of p, which may be nil.
func isOf(p *run.Project, e portEntry) bool {
	return p != nil && e.Dir == p.Checkout.Dir && e.Project == p.Checkout.Project
}

// lookAt finds out who sits on an idle port of p.
func lookAt(p *run.Project, e *portEntry) error {
	if e.Live || !isOf(p, *e) {
		return nil
	}
	var busy *ports.BusyError
	if err := ports.Free(e.Port); errors.As(err, &busy) {
		e.holder, e.PID = &busy.Holder, busy.Holder.PID
	} else if err != nil {
		return err
	}
	return nil
}

func (g *globals) writePorts(entries []portEntry) error {
	if len(entries) == 0 {
		fmt.Fprintln(g.Err, "lhrun: no lhrun runs on this machine, and there is no project here")
		return nil
	}
	rows := [][]string{{"PORT", "SERVICE", "PROJECT", "HELD BY", "DIR"}}
	places := map[ports.Checkout]string{}
	for _, r := range run.List() {
		places[r.Checkout] = r.Place()
	}
	for _, e := range entries {
		place := cmp.Or(places[ports.Checkout{Project: e.Project, Instance: e.Instance, Dir: e.Dir}], e.Dir)
		rows = append(rows, []string{strconv.Itoa(e.Port), e.label(), e.project(), e.heldBy(), place})
	}
	_, err := fmt.Fprintln(g.Out, strings.Join(view.Table(rows), "\n"))
	return err
}

func (e portEntry) label() string {
	if e.Service == "" {
		return "-"
	}
	return run.PortLabel(ports.Request{Service: e.Service, Name: e.Name})
}

func (e portEntry) project() string {
	switch e.Project {
	case "":
		return "-" // another user's, who does not tell
	default:
		return fmt.Sprintf("%s (%s)", e.Project, e.Instance)
	}
}

// heldBy says who has the port right now.
func (e portEntry) heldBy() string {
	switch {
	case e.Live && e.User() != "":
		return fmt.Sprintf("lhrun, pid %d, user %s", e.PID, e.User())
	case e.Live:
		return fmt.Sprintf("lhrun, pid %d", e.PID)
	case e.holder != nil && e.holder.Project != "" && e.holder.Dir == e.Dir:
		return fmt.Sprintf("pid %d, left by a run that was killed", e.PID)
	case e.holder != nil:
		return e.holder.String()
	}
	return "-"
}

// User is whose lease it is, unless it is this user's.
func (e portEntry) User() string {
	if e.user == currentUser() {
		return ""
	}
	return e.user
}
