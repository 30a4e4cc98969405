//go:build linux || darwin || freebsd

package proc

import "os"

// forest answers who is whose child. It asks the kernel for each process where
// the kernel can tell, and else looks at every process of the machine once.
type forest struct {
	byParent map[int][]stat
}

func newForest() forest {
	if hasChildLists() {
		return forest{}
	}
	return survey()
}

func survey() forest {
	f := forest{byParent: map[int][]stat{}}
	for _, s := range listAll() {
		f.byParent[s.ppid] = append(f.byParent[s.ppid], s)
	}
	return f
}

// children of s include those that only wait to be reaped.
func (f forest) children(s stat) []stat {
	if f.byParent == nil {
		return listChildren(s, func(int) bool { return false })
	}
	return f.byParent[s.PID]
}

// below returns roots and everything that descends from them, the dead left out.
func (f forest) below(roots []stat) []stat {
	var living []stat
	seen := map[int]bool{}
	for queue := roots; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if seen[s.PID] {
			continue
		}
		seen[s.PID] = true
		if s.dead() {
			continue
		}
		living = append(living, s)
		queue = append(queue, f.children(s)...)
	}
	return living
}

// lost returns the processes that may have lost their parent: the children of
// those that orphans of this program go to. Those that known names are left out.
// Where each thread has a list of its own only threads are asked; nil is all.
func (f forest) lost(threads []int, known func(pid int) bool) []stat {
	if getsOrphans() && f.byParent == nil {
		return listAdopted(threads, known)
	}
	if f.byParent == nil {
		f = survey()
	}
	heirs := map[int]bool{1: true}
	for pid := os.Getpid(); !heirs[pid]; {
		heirs[pid] = true
		if s, ok := readStat(pid); ok && s.ppid > 0 {
			pid = s.ppid
		}
	}
	var lost []stat
	for heir := range heirs {
		for _, s := range f.byParent[heir] {
			if !known(s.PID) {
				lost = append(lost, s)
			}
		}
	}
	return lost
}
