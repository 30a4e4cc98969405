package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// personal are the variables that a service manager sets for one process: this
// program's own sockets and watchdog are not its services'.
var personal = []string{
	listenFDs, listenNames, listenPID, "LISTEN_PIDFDID", notifySocket, watchdogTime, "WATCHDOG_PID",
}

// Where a service sends READY=1 and WATCHDOG=1, and how often at least, in
// microseconds.
const (
	notifySocket = "NOTIFY_SOCKET"
	watchdogTime = "WATCHDOG_USEC"
)

// environment is a set of KEY=value pairs that many services share. The index
// saves building a map of some thousand variables for each start.
type environment struct {
	pairs []string
	index map[string]int
}

// newEnvironment leaves out what was said to this program alone.
func newEnvironment(pairs []string) environment {
	e := environment{index: make(map[string]int, len(pairs))}
	for _, p := range pairs {
		key, _, _ := strings.Cut(p, "=")
		if slices.Contains(personal, key) {
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

// environ returns the environment of a process of a: that of all services, the
// service's own over it, more over both.
func (a *attempt) environ(more ...string) []string {
	own := a.svc.Env
	return inDir(a.base.with(append(own[:len(own):len(own)], more...)...), a.svc.Dir)
}

// inDir returns env with PWD as a shell corrects it, since programs believe it: dir
// without its symbolic links, unless PWD names that already, by whatever name.
func inDir(env []string, dir string) []string {
	if dir == "" {
		return env
	}
	dir, err := filepath.Abs(dir)
	now := valueOf("PWD", env)
	if err != nil || now == dir {
		return env
	}
	if is, err := os.Stat(now); err == nil && filepath.IsAbs(now) {
		if to, err := os.Stat(dir); err == nil && os.SameFile(is, to) {
			return env
		}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	env = slices.DeleteFunc(slices.Clone(env), func(pair string) bool { return strings.HasPrefix(pair, "PWD=") })
	return append(env, "PWD="+dir)
}
