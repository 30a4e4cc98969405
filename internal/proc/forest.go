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

// children returns those of s, with those that only wait to be reaped.
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

// orphans returns the processes that may have lost their parent: the children of those
// that orphans of this program go to, without those that known reports. Where each
// thread has a list of its own, only threads are asked; nil asks all.
func (f forest) orphans(threads []int, known func(pid int) bool) []stat {
	if getsOrphans() && f.byParent == nil {
		return listAdopted(threads, known)
	}
	if f.byParent == nil {
		f = survey()
	}
	adopters := map[int]bool{1: true}
	for pid := os.Getpid(); !adopters[pid]; {
		adopters[pid] = true
		if s, ok := readStat(pid); ok && s.ppid > 0 {
			pid = s.ppid
		}
	}
	var orphans []stat
	for adopter := range adopters {
		for _, s := range f.byParent[adopter] {
			if !known(s.PID) {
				orphans = append(orphans, s)
			}
		}
	}
	return orphans
}
