//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"syscall"
	"time"
)

// Leftovers finds what a run that was killed has left: the processes of r that
// are still the very same, every process whose environment carries the run's mark,
// and every one that writes to a pipe of the run. A supervisor that has lost its
// guard is one of them. There is none while both halves live.
func Leftovers(r Record) []Left {
	var left []Left
	for _, s := range r.left(nil) {
		left = append(left, r.describe(s))
	}
	return left
}

// EndLeftovers asks what Leftovers finds, and all that descends from it, to end,
// and kills what is there after timeout. It returns what has ended, and what even
// SIGKILL did not end.
func EndLeftovers(r Record, timeout time.Duration) (ended, still []Left) {
	found := map[ID]Left{}
	var stop func(ID) // nil while they are asked
	list := func() []stat {
		roots := r.left(stop)
		// A process that is exiting shows nothing but its pid and start.
		for id := range found {
			if s, ok := readStat(id.PID); ok && s.ID == id {
				roots = append(roots, s)
			}
		}
		all := newForest().below(roots)
		for _, s := range all {
			if _, known := found[s.ID]; !known {
				found[s.ID] = r.describe(s)
			}
		}
		return all
	}
	r.ask(list, timeout)
	stop = func(id ID) { signalExact(id, syscall.SIGSTOP) }
	for _, s := range killUntilGone(list) {
		still = append(still, found[s.ID])
		delete(found, s.ID)
	}
	for _, l := range found {
		ended = append(ended, l)
	}
	return ended, still
}

// ask sends SIGTERM once to each process that list names, until it names none.
func (r Record) ask(list func() []stat, timeout time.Duration) {
	asked := map[ID]bool{}
	limit := time.Now().Add(timeout)
	for pause := time.Millisecond; time.Now().Before(limit); pause = min(2*pause, 50*time.Millisecond) {
		found := list()
		if len(found) == 0 {
			return
		}
		for _, s := range found {
			if !asked[s.ID] {
				asked[s.ID] = true
				signalExact(s.ID, syscall.SIGTERM)
				signalExact(s.ID, syscall.SIGCONT)
			}
		}
		time.Sleep(min(pause, time.Until(limit)))
	}
}

// left finds the processes themselves; see newcomers for stop. This program and its
// ancestors are excluded: somebody may have started it from inside of that run.
func (r Record) left(stop func(ID)) []stat {
	if r.lives() {
		return nil
	}
	excluded := map[int]bool{}
	for s, ok := readStat(os.Getpid()); ok && !excluded[s.PID]; s, ok = readStat(s.ppid) {
		excluded[s.PID] = true
	}
	named := map[ID]bool{r.Guard: true, r.Supervisor: true}
	pipes := map[string]bool{}
	for _, p := range r.Processes {
		named[p.ID] = true
		pipes[p.Pipe] = p.Pipe != ""
	}
	is := func(s stat) (left, again bool) {
		if s.dead() || s.kernel() {
			return false, false
		}
		_, marked, empty := lookForMark(s.PID, r.Run)
		return marked && r.Run != "" || named[s.ID] || r.wrote(s, pipes), empty
	}
	return newcomers(excluded, is, stop)
}

const (
	// newcomersLimit bounds the repeated looks for what started during the look before: a
	// process that starts another and exits may hide both. After quietLooks without
	// anything new there is no such chain.
	newcomersLimit = time.Second
	quietLooks     = 5
	// enoughLooks are spent on a process that has no environment: during its exec it
	// shows nothing of itself.
	enoughLooks = 20
)

// newcomers looks at every process, the newest first, and again at those that start
// meanwhile, until a look finds some that are wanted. It calls stop with each as soon as
// it is found: a link of a chain lives for a millisecond or two.
func newcomers(excluded map[int]bool, is func(stat) (wanted, again bool), stop func(ID)) []stat {
	seen := map[int]int{}
	limit := time.Now().Add(newcomersLimit)
	for quiet := 0; quiet < quietLooks && time.Now().Before(limit); quiet++ {
		var found []stat
		eachNewest(func(pid int) bool { return seen[pid] >= enoughLooks || excluded[pid] }, func(pid int, s stat, there bool) {
			quiet = 0
			wanted, again := false, false
			if there {
				wanted, again = is(s)
			}
			if seen[pid]++; !again {
				seen[pid] = enoughLooks
			}
			if !wanted {
				return
			}
			if stop != nil {
				stop(s.ID)
			}
			found = append(found, s)
		})
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// lives reports whether the run goes on. A supervisor whose guard is dead does not: it
// ends itself, if it can still do anything.
func (r Record) lives() bool {
	return Alive(r.Supervisor) && (r.Guard.PID == 0 || Alive(r.Guard))
}

// wrote reports whether s has one of the run's pipes open for writing. The kernel may
// reuse a pipe's number, so a process from before the run does not count.
func (r Record) wrote(s stat, pipes map[string]bool) bool {
	if s.Start < r.Supervisor.Start || len(pipes) == 0 {
		return false
	}
	for link := range linksWritten(s.PID) {
		if pipes[link] {
			return true
		}
	}
	return false
}

func (r Record) describe(s stat) Left {
	return Left{Service: r.service(s), PID: s.PID, Command: Command(s.PID)}
}

func (r Record) service(s stat) string {
	n, marked := readMark(s.PID, r.Run)
	for _, p := range r.Processes {
		if p.ID == s.ID || marked && p.Mark == n && n != 0 {
			return p.Service
		}
	}
	return ""
}
