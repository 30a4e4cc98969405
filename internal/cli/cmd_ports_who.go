package cli

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/ports"
)

// whoHas is what `ports who --json` prints.
type whoHas struct {
	Port int `json:"port"`
	// Holders are those who listen there.
	Holders []holderFact `json:"holders"`
	// Leases are of lhruns that run, Registered the checkouts that keep the number.
	Leases     []portEntry `json:"leases"`
	Registered []portEntry `json:"registered"`
}

// holderFact is one process that has a port; what is not known is empty.
type holderFact struct {
	PID      int    `json:"pid"`
	Command  string `json:"command"`
	User     string `json:"user"`
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Service  string `json:"service"`
	Dir      string `json:"dir"`
}

func factOf(h ports.Holder) holderFact {
	return holderFact{h.PID, h.Command, h.User, h.Project, h.Instance, h.Service, h.Dir}
}

func newPortsWho(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "who PORT",
		Short: "Print who has a port",
		Long: `who prints which process listens on PORT, and which project of lhrun has leased
it or keeps it. The exit code is 1 when nobody listens there and no running
lhrun has leased it.`,
		Example: "  lhrun ports who 3000\n  lhrun ports who 3000 --json | jq '.holders[0].pid'",
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 16)
			if err != nil || n == 0 {
				return usageError("%q is not a port: they go from 1 to 65535", args[0])
			}
			_, registry, err := g.anywhere()
			if err != nil {
				return err
			}
			who, err := findWho(registry, int(n))
			if err != nil {
				return err
			}
			return g.tellWho(who, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func findWho(registry *ports.Registry, port int) (whoHas, error) {
	who := whoHas{Port: port, Holders: []holderFact{}, Leases: []portEntry{}, Registered: []portEntry{}}
	holders, err := ports.Who(port)
	if err != nil {
		return who, err
	}
	for _, h := range holders {
		who.Holders = append(who.Holders, factOf(h))
	}
	entries, err := registry.Entries()
	for _, e := range entries {
		if e.Port != port {
			continue
		}
		fact := portEntry{e.Port, e.Project, e.Instance, e.Dir, e.Service, e.Name, e.Live, e.PID, e.User, nil}
		if e.Live {
			who.Leases = append(who.Leases, fact)
		} else {
			who.Registered = append(who.Registered, fact)
		}
	}
	return who, err
}

func (g *globals) tellWho(who whoHas, asJSON bool) error {
	var nobody error
	if len(who.Holders) == 0 && len(who.Leases) == 0 {
		nobody = exitError{exitFailed, nil}
	}
	if asJSON {
		if err := g.printJSON(who); err != nil {
			return err
		}
		return nobody
	}
	for _, line := range who.lines() {
		if _, err := fmt.Fprintln(g.Out, line); err != nil {
			return err
		}
	}
	return nobody
}

// lines say for people who has the port.
func (w whoHas) lines() (lines []string) {
	for _, h := range w.Holders {
		lines = append(lines, h.String())
	}
	if len(w.Holders) == 0 {
		lines = append(lines, fmt.Sprintf("nobody listens on port %d", w.Port))
	}
	for _, e := range w.Leases {
		told := slices.ContainsFunc(w.Holders, func(h holderFact) bool { return h.Project != "" && h.Dir == e.Dir && h.Service == e.Service })
		if !told {
			lines = append(lines, fmt.Sprintf("leased to %s", e))
		}
	}
	for _, e := range w.Registered {
		lines = append(lines, fmt.Sprintf("kept for %s, which does not run", e))
	}
	return lines
}

// String says who it is, with the command, which a Holder of lhrun's leaves out.
func (h holderFact) String() string {
	whole := ports.Holder{PID: h.PID, Command: h.Command, User: h.User}
	if h.Project == "" {
		return whole.String()
	}
	return fmt.Sprintf("%s: service %s of %s (%s) in %s", whole, h.Service, h.Project, h.Instance, h.Dir)
}

func (e portEntry) String() string {
	if e.Project == "" {
		return fmt.Sprintf("a lhrun of user %s, pid %d", e.user, e.PID)
	}
	text := fmt.Sprintf("%s of %s in %s", e.label(), e.project(), e.Dir)
	if e.Live {
		text += fmt.Sprintf(" by lhrun, pid %d", e.PID)
	}
	return text
}

// currentUser is this user as a Holder names one.
func currentUser() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
