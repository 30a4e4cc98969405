package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// contradictionBound is for how long a state may differ from what the machine
// shows: the two are never looked at in the same instant.
const contradictionBound = 15 * time.Second

// killGrace is how old a line must be to be on disk when lhrun is killed: a tenth
// of a second, by the promise, and much more on a busy machine.
const killGrace = 2 * time.Second

// watch looks at what must hold at every moment.
func (w *world) watch(stop <-chan struct{}) {
	since := map[string]time.Time{} // of each contradiction
	for {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		w.did("look at everything")
		w.checkLedger()
		w.checkRegistry()
		now := map[string]bool{}
		for _, p := range w.projects {
			w.checkDotenv(p)
			for _, c := range w.contradictions(p) {
				now[c] = true
			}
		}
		for c := range since {
			if !now[c] {
				delete(since, c)
			}
		}
		for c := range now {
			if since[c].IsZero() {
				since[c] = time.Now()
			} else if time.Since(since[c]) > contradictionBound {
				w.fault("for %s: %s", contradictionBound, c)
				since[c] = time.Now()
			}
		}
	}
}

// checkLedger takes what the services found: a lock that another incarnation, or
// another service on the same port, still had.
func (w *world) checkLedger() {
	found, _ := filepath.Glob(filepath.Join(w.ledger, "violations", "*"))
	for _, path := range found {
		text, _ := os.ReadFile(path)
		w.fault("two at once: %s", text)
		_ = os.Remove(path)
	}
}

func (w *world) checkRegistry() {
	data, err := os.ReadFile(filepath.Join(w.home.dir, "state/lhrun/ports.json"))
	if err == nil && !json.Valid(data) {
		w.fault("the registry is half-written: %.100q … (%d bytes)", data, len(data))
	}
}

// checkDotenv wants what the user wrote, and a block that is whole or not there.
func (w *world) checkDotenv(p *chaosProject) {
	data, err := os.ReadFile(filepath.Join(p.dir, ".env"))
	text := string(data)
	begin, end := strings.Count(text, "# >>> lhrun >>>"), strings.Count(text, "# <<< lhrun <<<")
	if err != nil || !strings.HasPrefix(text, "MINE=1\n# the end of mine\n") || begin != end || begin > 1 ||
		!strings.HasSuffix(text, "\n") {
		w.fault("%s: .env is half-written: %q %v", p.name, text, err)
	}
}

// contradictions are where the states differ from the table of processes.
func (w *world) contradictions(p *chaosProject) (found []string) {
	snap, ok := w.snapshot(p)
	if !ok {
		return nil
	}
	live := map[string][]int{}
	for _, pid := range processes(p.dir) {
		if service := variable(pid, "LHRUN_SERVICE"); service != "" {
			live[service] = append(live[service], pid)
		}
	}
	for _, s := range snap.Services {
		pids := live[s.Name]
		switch {
		case s.PID != 0 && !slices.Contains(pids, s.PID):
			found = append(found, fmt.Sprintf("%s: %s is %s with pid %d, which is not there", p.name, s.Name, s.State, s.PID))
		case s.PID == 0 && len(pids) > 0 && isOver(s):
			found = append(found, fmt.Sprintf("%s: %s is %s, but pids %v are there", p.name, s.Name, s.State, pids))
		}
		delete(live, s.Name)
	}
	for service, pids := range live {
		found = append(found, fmt.Sprintf("%s: there is no service %s, but pids %v are its", p.name, service, pids))
	}
	return found
}

func isOver(s control.Service) bool {
	return slices.Contains([]string{"stopped", "failed", "completed", "waiting", "backoff"}, string(s.State))
}

func variable(pid int, name string) string {
	env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	for pair := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(name+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// checkLines wants every line that a service wrote before it died on disk: once,
// whole and in order. Without its supervisor only what is older than a moment.
func (w *world) checkLines(p *chaosProject) {
	files, _ := filepath.Glob(filepath.Join(w.ledger, "lines", p.name+".*"))
	kept := map[string][]int{}
	logs, _ := filepath.Glob(filepath.Join(w.home.dir, "state/lhrun/projects", p.name, "main/logs/*.log"))
	slices.SortFunc(logs, bySegment)
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			w.fault("%v", err)
		}
		for line := range strings.Lines(string(data)) {
			name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if !strings.HasPrefix(name, p.name+".") {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil && len(w.full) == 0 && len(p.kills) == 0 {
				w.fault("a torn line: %q", line)
			}
			kept[name] = append(kept[name], n)
		}
	}
	for _, path := range files {
		w.checkIncarnation(p, filepath.Base(path), path, kept[filepath.Base(path)])
	}
}

// bySegment sorts a service's older segments before the one that is written.
func bySegment(a, b string) int {
	key := func(path string) string {
		name := filepath.Base(path)
		if strings.Count(name, ".") == 1 {
			return strings.TrimSuffix(name, ".log") + ".~"
		}
		return name
	}
	return strings.Compare(key(a), key(b))
}

func (w *world) checkIncarnation(p *chaosProject, name, path string, kept []int) {
	data, _ := os.ReadFile(path)
	var want int
	var began, last time.Time
	for line := range strings.Lines(string(data)) {
		var n int
		var nano int64
		if _, err := fmt.Sscan(line, &n, &nano); err != nil {
			continue
		}
		at := time.Unix(0, nano)
		if began.IsZero() {
			began = at
		}
		last = at
		if !p.killedSoonAfter(at) {
			want = n
		}
	}
	for _, s := range w.full {
		if began.Before(s.to.Add(killGrace)) && last.After(s.from.Add(-killGrace)) {
			return // What was lost then was told.
		}
	}
	w.counts["lines looked for on disk"] += want
	for i, n := range kept {
		if n != i+1 && n != 0 {
			w.fault("%s: line %d is at the place of %d", name, n, i+1)
			return
		}
	}
	if len(kept) < want {
		w.fault("%s: %d lines are on disk, %d were written", name, len(kept), want)
	}
}

func (p *chaosProject) killedSoonAfter(at time.Time) bool {
	return slices.ContainsFunc(p.kills, func(k time.Time) bool {
		return at.After(k.Add(-killGrace)) && at.Before(k.Add(killGrace))
	})
}
