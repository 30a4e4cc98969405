package supervisor

import (
	"slices"
	"strings"
)

// environment is a set of KEY=value pairs that many services share. The index
// saves building a map of some thousand variables for each start.
type environment struct {
	pairs []string
	index map[string]int
}

// newEnvironment leaves out what was said to this program about its own sockets.
func newEnvironment(pairs []string) environment {
	e := environment{index: make(map[string]int, len(pairs))}
	for _, p := range pairs {
		key, _, _ := strings.Cut(p, "=")
		if key == listenFDs || key == listenNames || key == listenPID {
			continue
		}
		if i, ok := e.index[key]; ok {
			e.pairs[i] = p
			continue
		}
		e.index[key] = len(e.pairs)
		e.pairs = append(e.pairs, p)
	}
	return e
}

// with returns the pairs with own laid over them, later wins. An entry without
// '=' takes the variable away.
func (e environment) with(own ...string) []string {
	out := slices.Clone(e.pairs)
	late := make(map[string]int)
	for _, p := range own {
		key, _, _ := strings.Cut(p, "=")
		i, ok := e.index[key]
		if !ok {
			i, ok = late[key]
		}
		if ok {
			out[i] = p
			continue
		}
		late[key] = len(out)
		out = append(out, p)
	}
	return slices.DeleteFunc(out, func(p string) bool { return !strings.Contains(p, "=") })
}
