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
	Leases     []portEntry  `json:"leases"`
	Registered []keptNumber `json:"registered"`
}

// keptNumber is a number that a checkout keeps though no run has leased it.
type keptNumber struct {
	portEntry
	// Home is the number that it stands in for while that is busy; 0 for a home. Now is
	// the number that a run of the checkout has instead, which moved aside; 0 for none.
	Home int `json:"home,omitempty"`
	Now  int `json:"now,omitempty"`
	// RunBy is the process that runs the checkout; 0 for none.
	RunBy int `json:"run_by,omitempty"`
}

// String says whose number it is, and where it is now.
func (k keptNumber) String() string {
	switch {
	case k.Now != 0 && k.Home == 0:
		return fmt.Sprintf("home of %s, which moved aside for this run: it is on %d, leased by lhrun, pid %d", k.portEntry, k.Now, k.RunBy)
	case k.Home != 0:
		return fmt.Sprintf("kept for %s, for when its home %d is taken", k.portEntry, k.Home)
	case k.RunBy != 0:
		return fmt.Sprintf("kept for %s, which runs without it (lhrun, pid %d)", k.portEntry, k.RunBy)
	}
	return fmt.Sprintf("kept for %s, which does not run", k.portEntry)
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
	who := whoHas{Port: port, Holders: []holderFact{}, Leases: []portEntry{}, Registered: []keptNumber{}}
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
			who.Registered = append(who.Registered, kept(fact, entries))
		}
	}
	return who, err
}

// kept is how the entry of a number that no run has leased stands to the other entries.
func kept(fact portEntry, entries []ports.Entry) keptNumber {
	k := keptNumber{portEntry: fact}
	for _, e := range entries {
		if e.Project != fact.Project || e.Dir != fact.Dir {
			continue
		}
		if e.Live {
			k.RunBy = e.PID
		}
		if e.Service != fact.Service || e.Name != fact.Name || e.Port == fact.Port {
			continue
		}
		if e.Live {
			k.Now = e.Port
		}
		if !e.Alternate {
			k.Home = e.Port
		}
	}
	return k
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
		lines = append(lines, e.String())
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
