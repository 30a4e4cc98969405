//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Tree returns the pids of the living processes of p: its leader, all that descends from
// it, and what has left that line by double-forking or setsid.
//
// Callers share a look at the orphans for 10 ms, so a process that daemonised just now
// may be missing.
func (p *Process) Tree() []int {
	var pids []int
	for _, id := range p.Members() {
		pids = append(pids, id.PID)
	}
	return pids
}

// Members is Tree with the start of each process, by which a later one that has its pid
// is told from it.
func (p *Process) Members() []ID {
	members := p.table.members(p, recent)
	ids := make([]ID, len(members))
	for i, s := range members {
		ids[i] = s.ID
	}
	return ids
}

// Suspended returns the first process of p that a signal or a debugger has stopped; 0 for
// none.
func (p *Process) Suspended() int {
	for _, s := range p.table.members(p, recent) {
		if s.suspended() {
			return s.PID
		}
	}
	return 0
}

// look is how closely members looks for orphans.
type look int

const (
	recent look = iota // as they were at most 10 ms ago
	now                // as they are, but for what is between two parents
	final              // an empty result is final
)

// members finds the living processes of p, and remembers them and their groups, by which
// they are known should they become orphans.
//
// An empty final look is proof that nothing lives: the kernel makes the children of a
// dying process ours in the same instant, so while anything of p lives, the topmost of
// it is our child. The proof needs three things: the leader is looked at before the
// orphans, no orphan has died since their list was made, and processes that are exiting
// count, whoever they belong to.
func (t *Table) members(p *Process, closely look) []stat {
	asked, exited := time.Now(), p.exited()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.membersLocked(p, closely, asked, exited)
}

// membersLocked is members for callers that hold mu. They took asked, and whether p had
// exited, before that.
func (t *Table) membersLocked(p *Process, closely look, asked time.Time, exited bool) []stat {
	failed := failedLooks.Load()
	f := newForest()
	var roots []stat
	if leader, ok := readStat(p.id.PID); ok && !p.exited() {
		roots = append(roots, leader)
	}
	if !t.serves(closely, asked, exited) {
		f = t.lookFor(p, f, closely == final)
	}
	living := f.below(append(roots, p.orphans...))
	t.remember(p, living)
	if closely == final && len(living) == 0 {
		if failedLooks.Load() != failed {
			t.settled = time.Time{}
			return []stat{{ID: p.id}} // Something of it may live.
		}
		return t.exiting
	}
	return living
}

// serves reports whether the last look at the orphans will do: it began after the caller
// asked. When a crowd ends at once, most wait for the lock during one look, and the next
// look serves them all.
func (t *Table) serves(closely look, asked time.Time, exited bool) bool {
	switch closely {
	case recent:
		return time.Since(t.looked) <= 10*time.Millisecond
	case now:
		return t.looked.After(asked)
	}
	return exited && t.settled.After(asked)
}

// lookFor looks until p has orphans or no orphan has died meanwhile, and returns the
// forest of that look.
func (t *Table) lookFor(p *Process, f forest, again bool) forest {
	for t.adopt(f, again) {
		if len(p.orphans) > 0 {
			return f
		}
		f = newForest()
	}
	if again {
		t.settled = t.looked
	}
	return f
}

func (t *Table) remember(p *Process, living []stat) {
	t.forget()
	p.groups = map[int]bool{}
	group := unix.Getpgrp()
	session, _ := unix.Getsid(0)
	for _, s := range living {
		t.owners[s.ID] = p
		for _, g := range []int{s.pgrp, s.session} {
			if g != group && g != session && g != p.id.PID {
				p.groups[g] = true
			}
		}
	}
}

// forget drops what is remembered of dead processes once there is much of it.
func (t *Table) forget() {
	if len(t.owners)+len(t.strangers) < 1000+20*len(t.leaders) {
		return
	}
	for id := range t.owners {
		if !Alive(id) {
			delete(t.owners, id)
		}
	}
	clear(t.strangers)
}

// adopt assigns every orphan to the Process that it descends from, and reaps the dead
// ones. It leaves alone the children that other code of this program started.
//
// With again, it looks again at those that were strangers the last time: a process shows
// little of itself during its exec. It reports whether it reaped any.
func (t *Table) adopt(f forest, again bool) bool {
	t.looked, t.settled = time.Now(), time.Time{}
	for _, p := range t.leaders {
		p.orphans = nil
	}
	if again {
		clear(t.strangers)
	}
	self := os.Getpid()
	t.exiting = nil
	reaped := false
	var strays []int
	for _, s := range f.orphans(t.adopters(again), func(pid int) bool { return t.leaders[pid] != nil || pid == self }) {
		p := t.owner(s)
		if p == nil && !s.dead() {
			// It may have died while it was looked at, and started another before.
			if now, ok := readStat(s.PID); ok && now.ID == s.ID {
				s = now
			}
		}
		switch {
		case p != nil && !s.dead():
			p.orphans = append(p.orphans, s)
		case p != nil && s.ppid == self:
			reapChild(s.PID)
			delete(t.owners, s.ID)
			reaped = true
		case s.exiting():
			t.exiting = append(t.exiting, s)
		case s.dead() && s.ppid == self:
			strays = append(strays, s.PID)
		}
	}
	return reapStrays(strays) || reaped
}

// adopters returns the threads of this program that get orphans: the kernel chooses the
// first one, which Go never ends. With siblings it adds the forker, whose child is what
// a leader clones as its sibling (CLONE_PARENT). Asking no others saves nine calls in ten.
func (t *Table) adopters(siblings bool) []int {
	if siblings && t.forker.thread() != 0 {
		return []int{os.Getpid(), t.forker.thread()}
	}
	return []int{os.Getpid()}
}

// owner is attribute, but remembers what that says of the living.
func (t *Table) owner(s stat) *Process {
	if p := t.owners[s.ID]; p != nil {
		return p
	}
	if _, known := t.strangers[s.ID]; known && !s.dead() {
		return nil
	}
	p := t.attribute(s)
	switch {
	case s.dead():
	case p != nil:
		t.owners[s.ID] = p
	default:
		t.strangers[s.ID] = struct{}{}
	}
	return p
}

// ownerOf is owner for callers that do not hold mu.
func (t *Table) ownerOf(s stat) *Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.owner(s)
}

// attribute returns the Process that the orphan s belongs to, by its group or session,
// the mark in its environment, or the pipe that it writes to; nil for a stranger.
func (t *Table) attribute(s stat) *Process {
	for _, group := range []int{s.pgrp, s.session} {
		if p := t.leaders[group]; p != nil {
			return p
		}
		// A process whose group is its own pid has made that group, so a remembered
		// group of that number was another.
		for _, p := range t.leaders {
			if p.groups[group] && group != s.PID {
				return p
			}
		}
	}
	if s.dead() {
		return nil
	}
	if n, ok := readMark(s.PID, t.run); ok {
		return t.marks[n]
	}
	return t.writer(s.PID)
}

// writer returns the Process whose pipe pid writes to. A child of other code of this
// program has copies of all our descriptors between its fork and its exec; the lock
// keeps that from happening now.
func (t *Table) writer(pid int) *Process {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	links := linksWritten(pid)
	for _, p := range t.leaders {
		if p.link != "" && links[p.link] {
			return p
		}
	}
	return nil
}

// reapStrays reaps those of pids, dead children that are nobody's, that no other code of
// this program waits for. It reports whether there were any.
func reapStrays(pids []int) (reaped bool) {
	if len(pids) == 0 || !getsOrphans() {
		return false
	}
	held, ok := pidfdsHeld()
	for _, pid := range pids {
		if ok && !held[pid] {
			got, _ := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
			reaped = reaped || got == pid
		}
	}
	return reaped
}

// strays returns what lives below this program and belongs to no Process: orphans that
// hid everything by which they could be known. Children that other code of this program
// started do not count, nor does what is below them. Where orphans do not come to this
// program, it is what its guard would have ended, had that not died.
func (t *Table) strays() []stat {
	if !getsOrphans() {
		return abandoned()
	}
	if childless() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.adopt(newForest(), true) {
	}
	f := newForest()
	// If this came before the forest, or during a fork, it would miss a child that the
	// forest shows.
	syscall.ForkLock.RLock()
	held, ok := pidfdsHeld()
	syscall.ForkLock.RUnlock()
	if !ok {
		return nil
	}
	return f.below(f.orphans(nil, func(pid int) bool { return held[pid] || t.leaders[pid] != nil }))
}
