// Package graph answers questions about who needs whom. It knows names only:
// deps says what a name needs directly, and the functions never ask more of it.
package graph

import "slices"

// Order returns names so that each comes after those of its deps that are among
// names. Of several that could come next, the first of names does, so an order
// that is right already is kept. On a cycle the first of names breaks it.
func Order(names []string, deps func(string) []string) []string {
	missing := make(map[string]int, len(names))
	dependents := Dependents(names, deps)
	for _, needy := range dependents {
		for _, name := range needy {
			missing[name]++
		}
	}
	left := unique(names)
	order := make([]string, 0, len(left))
	for len(left) > 0 {
		next := max(0, slices.IndexFunc(left, func(name string) bool { return missing[name] == 0 }))
		name := left[next]
		left = slices.Delete(left, next, next+1)
		order = append(order, name)
		for _, dependent := range dependents[name] {
			missing[dependent]--
		}
	}
	return order
}

// Cycle returns the first cycle it finds as the path a b … a, each needing the
// next, or nil. Deps that are not among names lead nowhere.
func Cycle(names []string, deps func(string) []string) []string {
	known := setOf(names)
	done := map[string]bool{}
	var path, found []string
	var visit func(name string) bool
	visit = func(name string) bool {
		if at := slices.Index(path, name); at >= 0 {
			found = append(slices.Clone(path[at:]), name)
			return true
		}
		if done[name] || !known[name] {
			return false
		}
		path = append(path, name)
		if slices.ContainsFunc(deps(name), visit) {
			return true
		}
		path = path[:len(path)-1]
		done[name] = true
		return false
	}
	if !slices.ContainsFunc(names, visit) {
		return nil
	}
	return found
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
