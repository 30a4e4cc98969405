//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Tree returns the pids of the living processes of p: its leader, all that
// descends from it, and what has left that line by double-forking or setsid.
//
// A look at the orphans is shared by all callers for 10 ms, so a process that
// daemonised just now may be missing.
func (p *Process) Tree() []int {
	var pids []int
	for _, id := range p.Members() {
		pids = append(pids, id.PID)
	}
	return pids
}

// Members is Tree, with what tells each process from a later one of its pid.
func (p *Process) Members() []ID {
	members := p.table.members(p, recent)
	ids := make([]ID, len(members))
	for i, s := range members {
		ids[i] = s.ID
	}
	return ids
}

// look is how closely members looks for orphans.
type look int

const (
	recent look = iota // as they were at most 10 ms ago
	now                // as they are, but for what is between two parents
	final              // an empty result is final
)

// members finds the living processes of p, and remembers them and their groups,
// by which they are known should they become orphans.
//
// What makes a look final: the kernel gives us the children of one that dies in
// that same instant, so while anything lives, what is uppermost of it is our child.
// That needs the leader to be looked at before the orphans, a look at orphans of
// which none has died since the list was made, and patience with those that are
// about to: they count, whosever they are.
func (t *Table) members(p *Process, closely look) []stat {
	asked, exited := time.Now(), p.exited()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.membersLocked(p, closely, asked, exited)
}

// membersLocked is members for who holds the lock: asked is from before, when p had exited
// or not.
func (t *Table) membersLocked(p *Process, closely look, asked time.Time, exited bool) []stat {
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
		return t.leaving
	}
	return living
}

// serves reports whether the last look at the orphans is as good as one of our own:
// it began after we asked. When a crowd ends at once, most wait for somebody's look
// to be over, and the next one's serves them all.
func (t *Table) serves(closely look, asked time.Time, exited bool) bool {
	switch closely {
	case recent:
		return time.Since(t.looked) <= 10*time.Millisecond
	case now:
		return t.looked.After(asked)
	}
	return exited && t.settled.After(asked)
}

// lookFor looks until p has orphans or none has died meanwhile, and returns the
// forest that it was then.
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

// forget drops what is remembered of the dead once it has become much.
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

// adopt gives every orphan to the Process that it descends from, and reaps the
// dead ones. Children that other code of this program started are left alone.
//
// With again, those are looked at again that were strangers the last time: a
// process shows little of itself in the instant of its exec. It reports whether it
// reaped any.
func (t *Table) adopt(f forest, again bool) bool {
	t.looked, t.settled = time.Now(), time.Time{}
	for _, p := range t.leaders {
		p.orphans = nil
	}
	if again {
		clear(t.strangers)
	}
	self := os.Getpid()
	t.leaving = nil
	reaped := false
	var strays []int
	for _, s := range f.lost(t.heirs(again), func(pid int) bool { return t.leaders[pid] != nil || pid == self }) {
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
		case s.leaving():
			t.leaving = append(t.leaving, s)
		case s.dead() && s.ppid == self:
			strays = append(strays, s.PID)
		}
	}
	return reapStrays(strays) || reaped
}

// heirs are the threads of this program that get orphans: the kernel chooses the
// first one, which Go never ends. A process that is cloned as a sibling of a leader
// (CLONE_PARENT) is the forker's child. To ask no others is a tenth of the calls.
func (t *Table) heirs(siblings bool) []int {
	if siblings && t.forker.thread() != 0 {
		return []int{os.Getpid(), t.forker.thread()}
	}
	return []int{os.Getpid()}
}

// owner remembers what attribute says of the living.
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

// ownerOf is owner for whoever does not hold the lock.
func (t *Table) ownerOf(s stat) *Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.owner(s)
}

// attribute tells whose orphan s is: by its group or session, by the mark in its
// environment, by the pipe that it writes to; nil for a stranger.
func (t *Table) attribute(s stat) *Process {
	for _, group := range []int{s.pgrp, s.session} {
		if p := t.leaders[group]; p != nil {
			return p
		}
		// Who has its own pid as group has made that group, so a remembered group
		// of this number is another.
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

// writer tells by the pipe. A child of other code of this program holds copies of
// all our descriptors between its fork and its exec: not while we hold this lock.
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

// reapStrays reaps dead children of which nothing is known any more, unless other
// code of this program started them.
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

// strays returns what lives below this program and belongs to no Process: orphans
// that hid all that could tell whose they are. Children that other code of this
// program started are none, nor is anything below them.
func (t *Table) strays() []stat {
	if !getsOrphans() || childless() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.adopt(newForest(), true) {
	}
	f := newForest()
	// Asked before the forest, or in the midst of a fork, it would miss a child that
	// the forest shows.
	syscall.ForkLock.RLock()
	held, ok := pidfdsHeld()
	syscall.ForkLock.RUnlock()
	if !ok {
		return nil
	}
	return f.below(f.lost(nil, func(pid int) bool { return held[pid] || t.leaders[pid] != nil }))
}
