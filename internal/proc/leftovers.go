//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"syscall"
	"time"
)

// Leftovers finds what a run that was killed has left: the processes of r that
// are still the very same, and every process whose environment carries the run's
// mark. There is none while the run's supervisor lives.
func Leftovers(r Record) []Left {
	var left []Left
	for _, s := range r.left() {
		left = append(left, Left{Service: r.service(s), PID: s.PID, Command: Command(s.PID)})
	}
	return left
}

// EndLeftovers asks what Leftovers finds, and all that descends from it, to end,
// and kills what is there after timeout. It returns what even that did not end.
func EndLeftovers(r Record, timeout time.Duration) []Left {
	list := func() []stat { return newForest().below(append(r.left(), r.left()...)) }
	asked := map[ID]bool{}
	limit := time.Now().Add(timeout)
	for pause := time.Millisecond; time.Now().Before(limit); pause = min(2*pause, 50*time.Millisecond) {
		found := list()
		if len(found) == 0 {
			return nil
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
	var left []Left
	for _, s := range hunt(list) {
		left = append(left, Left{Service: r.service(s), PID: s.PID, Command: Command(s.PID)})
	}
	return left
}

// left finds the processes themselves. This program and its ancestors are not
// among them: somebody may have started it from inside of that run.
func (r Record) left() []stat {
	if Alive(r.Supervisor) {
		return nil
	}
	spared := map[int]bool{}
	for s, ok := readStat(os.Getpid()); ok && !spared[s.PID]; s, ok = readStat(s.ppid) {
		spared[s.PID] = true
	}
	named := map[ID]bool{r.Guard: true}
	for _, p := range r.Processes {
		named[p.ID] = true
	}
	var left []stat
	for _, s := range listAll() {
		if s.dead() || spared[s.PID] {
			continue
		}
		if named[s.ID] || r.marks(s.PID) {
			left = append(left, s)
		}
	}
	return left
}

func (r Record) marks(pid int) bool {
	if r.Run == "" {
		return false
	}
	_, ok := readMark(pid, r.Run)
	return ok
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
