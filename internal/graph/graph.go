// Package graph answers questions about who needs whom. It knows names only:
// deps says what a name needs directly, and the functions never ask more of it.
package graph

import (
	"container/heap"
	"iter"
	"slices"
)

// Order returns names so that each comes after those of its deps that are among
// names. Of several that could come next, the first of names does, so an order
// that is right already is kept. On a cycle the first of names breaks it.
func Order(names []string, deps func(string) []string) []string {
	left := unique(names)
	place := make(map[string]int, len(left))
	for i, name := range left {
		place[name] = i
	}
	dependents := make([][]int, len(left))
	missing := make([]int, len(left))
	for i, name := range left {
		for _, dep := range unique(deps(name)) {
			if at, known := place[dep]; known {
				dependents[at] = append(dependents[at], i)
				missing[i]++
			}
		}
	}
	return takeFree(left, missing, dependents)
}

// takeFree takes names one by one: the first that misses nothing, else the first.
func takeFree(names []string, missing []int, dependents [][]int) []string {
	var free indexes
	for i, n := range missing {
		if n == 0 {
			free = append(free, i) // Ascending, which is a heap.
		}
	}
	order := make([]string, 0, len(names))
	taken := make([]bool, len(names))
	for first := 0; len(order) < len(names); {
		var next int
		if len(free) > 0 {
			next = heap.Pop(&free).(int)
		} else {
			for taken[first] {
				first++
			}
			next = first
		}
		if taken[next] {
			continue // It broke a cycle before it missed nothing.
		}
		taken[next] = true
		order = append(order, names[next])
		for _, i := range dependents[next] {
			if missing[i]--; missing[i] == 0 {
				heap.Push(&free, i)
			}
		}
	}
	return order
}

// indexes is a heap whose smallest is taken first.
type indexes []int

func (h indexes) Len() int           { return len(h) }
func (h indexes) Less(i, j int) bool { return h[i] < h[j] }
func (h indexes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexes) Push(x any)        { *h = append(*h, x.(int)) }
func (h *indexes) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// Cycle returns the first of Cycles, or nil.
func Cycle(names []string, deps func(string) []string) []string {
	for path := range Cycles(names, deps) {
		return path
	}
	return nil
}

// Cycles yields every cycle that shares no closing edge with one before it, as the
// path a b … a, each needing the next. Deps that are not among names lead nowhere.
func Cycles(names []string, deps func(string) []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		s := search{deps: deps, known: setOf(names), done: map[string]bool{}, at: map[string]int{}, yield: yield}
		for _, name := range names {
			if !s.visit(name) {
				return
			}
		}
	}
}

// search is a walk in depth: path leads to where it is, at says where on it a name is.
type search struct {
	deps        func(string) []string
	known, done map[string]bool
	path        []string
	at          map[string]int
	yield       func([]string) bool
}

// visit reports whether to go on.
func (s *search) visit(name string) bool {
	if at, on := s.at[name]; on {
		return s.yield(append(slices.Clone(s.path[at:]), name))
	}
	if s.done[name] || !s.known[name] {
		return true
	}
	s.at[name] = len(s.path)
	s.path = append(s.path, name)
	for _, dep := range s.deps(name) {
		if !s.visit(dep) {
			return false
		}
	}
	s.path = s.path[:len(s.path)-1]
	delete(s.at, name)
	s.done[name] = true
	return true
}

// Closure returns roots and everything they need, directly or not, each once and
// in the order of being met. Pass it through Order for an order to start in.
func Closure(roots []string, deps func(string) []string) []string {
	met := unique(roots)
	seen := setOf(met)
	for i := 0; i < len(met); i++ {
		for _, dep := range deps(met[i]) {
			if !seen[dep] {
				seen[dep] = true
				met = append(met, dep)
			}
		}
	}
	return met
}

// Dependents turns deps around: for each name that is needed, who of names needs
// it directly, in the order of names and each once.
func Dependents(names []string, deps func(string) []string) map[string][]string {
	known := setOf(names)
	dependents := map[string][]string{}
	for _, name := range unique(names) {
		for _, dep := range unique(deps(name)) {
			if known[dep] {
				dependents[dep] = append(dependents[dep], name)
			}
		}
	}
	return dependents
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// unique returns names without repetitions, never the slice it was given.
func unique(names []string) []string {
	seen := make(map[string]bool, len(names))
	first := make([]string, 0, len(names))
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			first = append(first, name)
		}
	}
	return first
}
