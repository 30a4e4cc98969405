//go:build linux || darwin || freebsd

package proc

import (
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// keptPatience is how long programs that outlived their Process may take to end with the
// Table.
const keptPatience = time.Second

// divide separates members from those that the names of keep let live on: the programs of
// these names but for the leader, what descends from them, and what shares a session of
// their own with them.
func (p *Process) divide(members []stat, keep []string) (ending, kept []stat) {
	if len(keep) == 0 {
		return members, nil
	}
	pids, sessions := map[int]bool{}, map[int]bool{}
	for _, s := range members {
		if s.ID != p.id && slices.ContainsFunc(programNames(s.PID), func(name string) bool { return slices.Contains(keep, name) }) {
			pids[s.PID] = true
			sessions[s.session] = p.session != 0 && s.session != p.session
		}
	}
	for again := true; again; {
		again = false
		for _, s := range members {
			if !pids[s.PID] && s.ID != p.id && (pids[s.ppid] || sessions[s.session]) {
				pids[s.PID], again = true, true
			}
		}
	}
	for _, s := range members {
		if pids[s.PID] {
			kept = append(kept, s)
		} else {
			ending = append(ending, s)
		}
	}
	return ending, kept
}

// left is what has yet to end. That it is empty is final.
func (p *Process) left(keep []string) []stat {
	ending, _ := p.divide(p.table.members(p, final), keep)
	return ending
}

// keep has the Table remember those that live on, until it is closed.
func (p *Process) keep(names []string) {
	if len(names) == 0 {
		return
	}
	_, kept := p.divide(p.table.members(p, final), names)
	t := p.table
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range kept {
		t.kept = append(t.kept, s.ID)
	}
}

// Ending returns the members that EndWith would end.
func (p *Process) Ending(keep []string) (ids []ID) {
	ending, _ := p.divide(p.table.members(p, recent), keep)
	for _, s := range ending {
		ids = append(ids, s.ID)
	}
	return ids
}

// apart names the programs that are about to end and have a session of their own. What
// runs the same program as its parent is a part of it, as a server's process for each
// client.
func (p *Process) apart(keep []string) (names []string) {
	members, _ := p.divide(p.table.members(p, recent), keep)
	parents := map[int]bool{}
	for _, s := range members {
		parents[s.PID] = true
	}
	for _, s := range members {
		if p.session == 0 || s.session == p.session || s.session != s.PID && parents[s.ppid] {
			continue
		}
		name := programName(s.PID)
		known := name == "" || slices.Contains(names, name) || parents[s.ppid] && name == programName(s.ppid)
		if !known && name != programName(p.id.PID) {
			names = append(names, name)
		}
	}
	return names
}

// programName is the name that people know a process by; "" when it is gone.
func programName(pid int) string {
	if names := programNames(pid); len(names) > 0 {
		return names[0]
	}
	return ""
}

// baseNames are the last elements of the paths, each once, without the empty ones.
func baseNames(paths ...string) (names []string) {
	for _, path := range paths {
		if name := filepath.Base(path); path != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// endKept ends what lived on.
func (t *Table) endKept() {
	t.mu.Lock()
	kept := slices.DeleteFunc(t.kept, func(id ID) bool { return signalExact(id, syscall.SIGTERM) != nil })
	t.mu.Unlock()
	for began := time.Now(); len(kept) > 0 && time.Since(began) < keptPatience; time.Sleep(5 * time.Millisecond) {
		kept = slices.DeleteFunc(kept, func(id ID) bool {
			s, ok := readStat(id.PID)
			return !ok || s.ID != id || s.dead()
		})
	}
	for _, id := range kept {
		_ = signalExact(id, syscall.SIGKILL)
	}
}
