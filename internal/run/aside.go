package run

import (
	"fmt"
	"slices"

	"github.com/lhrun/lhrun/ports"
)

// movedAside says which leases of after are new and not at their home ports.
func movedAside(before, after []ports.Lease) (lines []string) {
	for _, l := range after {
		if !slices.ContainsFunc(before, func(b ports.Lease) bool { return b.Request == l.Request && b.Port == l.Port }) {
			lines = append(lines, aside(l)...)
		}
	}
	return lines
}

// aside says why a lease is not at its home port; it is empty where it is.
func aside(l ports.Lease) []string {
	switch {
	case l.Home == l.Port:
		return nil
	case l.Holder == nil:
		return []string{fmt.Sprintf("%s: port %d was taken; using %d for this run", PortLabel(l.Request), l.Home, l.Port)}
	}
	return []string{fmt.Sprintf("%s: port %d is held by %s; using %d for this run", PortLabel(l.Request), l.Home, l.Holder, l.Port)}
}
