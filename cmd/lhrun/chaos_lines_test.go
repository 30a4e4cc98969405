package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fullGrace is how long after a full disk a log may still go on unrecorded: lhrun
// tries it again every second.
const fullGrace = 2 * time.Second

// span is a time in which lines may be lost. It goes on while to is zero.
type span struct{ from, to time.Time }

// meets reports whether the two times have anything in common.
func (s span) meets(from, to time.Time) bool {
	return !to.Before(s.from) && (s.to.IsZero() || !from.After(s.to))
}

// incarnation is what one incarnation of a service says that it wrote.
type incarnation struct {
	name        string
	began, last time.Time
	// lines are when each was written, from the first on.
	lines []time.Time
}

func readLife(path string) incarnation {
	l := incarnation{name: filepath.Base(path)}
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		var n int
		var nano int64
		if _, err := fmt.Sscan(line, &n, &nano); err == nil && n == len(l.lines)+1 {
			l.lines = append(l.lines, time.Unix(0, nano))
		}
	}
	if len(l.lines) > 0 {
		l.began, l.last = l.lines[0], l.lines[len(l.lines)-1]
	}
	return l
}

func (w *world) lives(p *chaosProject) (all []incarnation) {
	files, _ := filepath.Glob(filepath.Join(w.ledger, "lines", p.name+".*"))
	for _, path := range files {
		all = append(all, readLife(path))
	}
	return all
}

// kept are the numbers of the lines on disk, by incarnation.
func (w *world) kept(p *chaosProject) map[string][]int {
	kept := map[string][]int{}
	logs, _ := filepath.Glob(filepath.Join(w.home.dir, "state/lhrun/projects", p.name, "main/logs/*.log"))
	slices.SortFunc(logs, bySegment)
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // It was just put aside.
		}
		for line := range strings.Lines(string(data)) {
			name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if strings.HasPrefix(name, p.name+".") {
				n, _ := strconv.Atoi(text) // A torn line is no line.
				kept[name] = append(kept[name], n)
			}
		}
	}
	return kept
}

// awaitKept waits until all that p's services have written by now is on disk, however
// little time the machine leaves lhrun for that, and returns since when they may have
// written more. What may be lost already is not waited for.
func (w *world) awaitKept(p *chaosProject) (since time.Time) {
	since = time.Now()
	written := w.lives(p)
	began := time.Now()
	for awake := newAwakeClock(); ; time.Sleep(20 * time.Millisecond) {
		kept, lacks := w.kept(p), ""
		for _, l := range written {
			if got := len(kept[l.name]); got < len(l.lines) && !w.mayLack(p, l) {
				lacks = fmt.Sprintf("%s: of %d lines %d are on disk", l.name, len(l.lines), got)
			}
		}
		if lacks == "" {
			break
		}
		if awake.now() > bound {
			w.fault("for %s: %s", bound, lacks)
			break
		}
	}
	w.most("ms until all that was written is on disk", time.Since(began))
	return since
}

// mayLack is: the disk was full in that life, or lhrun was killed.
func (w *world) mayLack(p *chaosProject, l incarnation) bool {
	return w.wasFull(l) || slices.ContainsFunc(p.killed(), func(s span) bool { return s.meets(l.began, l.last) })
}

func (w *world) wasFull(l incarnation) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.full, func(s *span) bool { return s.meets(l.began, l.last) })
}

// checkLines wants every line that a service wrote before it died on disk: once,
// whole and in order; where lhrun was killed, those that awaitKept has seen there.
func (w *world) checkLines(p *chaosProject) {
	kept := w.kept(p)
	for _, l := range w.lives(p) {
		w.checkLife(p, l, kept[l.name])
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

func (w *world) checkLife(p *chaosProject, l incarnation, kept []int) {
	if w.wasFull(l) {
		return // What was lost then was told.
	}
	want := 0
	for n, at := range l.lines {
		if !slices.ContainsFunc(p.killed(), func(s span) bool { return s.meets(at, at) }) {
			want = n + 1
		}
	}
	w.mu.Lock()
	w.counts["lines looked for on disk"] += want
	w.mu.Unlock()
	for i, n := range kept {
		if n != i+1 && (n != 0 || i < want) {
			w.fault("%s: line %d is at the place of %d", l.name, n, i+1)
			return
		}
	}
	if len(kept) < want {
		w.fault("%s: %d lines are on disk, %d were written, the last at %s; killed %v",
			l.name, len(kept), want, l.lines[want-1].Format("15:04:05.000"), p.killed())
	}
}
