package control

import (
	"maps"
	"os"
	"slices"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// isElsewhere reports whether s is up without a process of this run: it is external, or
// run by hand outside.
func isElsewhere(s Service) bool {
	return s.PID == 0 && (s.State == supervisor.StateReady || s.State == supervisor.StateUnhealthy)
}

// elsewhereTree returns the processes of a service that is elsewhere: those that listen on
// its ports, and what descends from them. What belongs to this run is left out, since a
// program that runs lhrun may be such a service.
func elsewhereTree(s Service) (pids []int, err error) {
	var ours []int
	for _, port := range append(slices.Sorted(maps.Values(s.Ports)), s.Port) {
		if port == 0 {
			continue
		}
		who, err := ports.Who(port)
		if err != nil {
			return nil, err
		}
		for _, h := range who {
			if h.PID != 0 && !h.Silent {
				pids = append(pids, treeOf(h)...)
			}
		}
	}
	if slices.Contains(pids, os.Getpid()) {
		ours = membersOf(os.Getpid())
	}
	return slices.DeleteFunc(pids, func(pid int) bool { return slices.Contains(ours, pid) }), nil
}

// treeOf is h's. Of a manager that keeps the sockets of others' services it is h alone:
// all that the user runs may descend from it.
func treeOf(h ports.Holder) []int {
	if h.PID == 1 || h.Program == "systemd" {
		return []int{h.PID}
	}
	return membersOf(h.PID)
}

func membersOf(pid int) (pids []int) {
	id, alive := proc.Identify(pid)
	if !alive {
		return nil
	}
	for _, member := range (proc.ForeignTree{ID: id}).Members() {
		pids = append(pids, member.PID)
	}
	return pids
}
