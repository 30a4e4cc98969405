package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// checker reads nodes into typed values and collects what is wrong with them. A
// reader of a value that is wrong returns the zero value: its mistake is noted,
// and reading goes on.
type checker struct {
	sources  []*source
	dir      string
	mistakes Mistakes
	// conditions are where those of dependencies stand.
	conditions map[Pos]Pos
}

func (c *checker) bad(pos Pos, hint, format string, args ...any) {
	c.mistakes = append(c.mistakes, Mistake{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// finish returns what was collected, each mistake once, with its source line, in
// the order of the files and of their lines.
func (c *checker) finish() Mistakes {
	order := func(m Mistake) int {
		return slices.IndexFunc(c.sources, func(s *source) bool { return s.name == m.Pos.File })
	}
	slices.SortStableFunc(c.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	var once Mistakes
	for _, m := range c.mistakes {
		if i := order(m); i >= 0 {
			m.Line = c.sources[i].line(m.Pos.Line)
		}
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// fields reads the parts of one table. Whatever is not asked for is unknown.
type fields struct {
	*checker
	n       *node
	known   []string
	meant   []string
	isTable bool
}

// table returns the fields of n, which has none after a mistake or when n is nil.
func (c *checker) table(n *node, hint string) *fields {
	if n == nil {
		return &fields{checker: c, n: &node{}}
	}
	if !n.isTable {
		c.wrong(n, "a table", hint)
		return &fields{checker: c, n: &node{}}
	}
	return &fields{checker: c, n: n, isTable: true}
}

// get returns the part called name, or nil.
func (f *fields) get(name string) *node {
	f.known = append(f.known, name)
	return f.n.parts[name]
}

// end reports the parts that nobody asked for; where says whose they are.
func (f *fields) end(where string) {
	for _, name := range f.n.names {
		if slices.Contains(f.known, name) {
			continue
		}
		meant := cmp.Or(Suggest(name, f.known), alias(name, f.known))
		f.meant = append(f.meant, meant)
		f.bad(f.n.parts[name].keyPos(), f.unknownHint(meant), "unknown key %q in %s", name, where)
	}
}

func (f *fields) unknownHint(meant string) string {
	if meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return "known are " + strings.Join(slices.Sorted(slices.Values(f.known)), ", ")
}

// alias knows how other tools call the keys and values of this one.
func alias(name string, known []string) string {
	ours := ""
	switch strings.ToLower(strings.ReplaceAll(name, "-", "_")) {
	case "cmd", "run", "entrypoint", "script", "exec_start":
		ours = "command"
	case "cwd", "dir", "workdir", "directory", "root":
		ours = "working_dir"
	case "environment", "vars", "variables":
		ours = "env"
	case "needs", "requires", "after", "depends":
		ours = "depends_on"
	case "readiness", "readiness_probe", "ready_when", "wait_for":
		ours = "ready"
	case "healthcheck", "health_check", "liveness_probe":
		ours = "health"
	case "shutdown", "stop_signal":
		ours = "stop"
	case "service", "processes", "process", "programs":
		ours = "services"
	case "pty":
		ours = "tty"
	case "http_get":
		ours = "http"
	case "period", "every", "period_seconds":
		ours = "interval"
	case "service_started", "process_started":
		ours = "started"
	case "service_healthy", "process_healthy", "healthy":
		ours = "ready"
	case "service_completed_successfully", "process_completed_successfully", "process_completed", "done", "exited":
		ours = "completed"
	case "oneshot", "one_shot", "job":
		ours = "task"
	case "never", "none":
		ours = "no"
	case "unless_stopped", "on_exit":
		ours = "always"
	}
	if slices.Contains(known, ours) {
		return ours
	}
	return ""
}

// wrong reports that n is of another kind than expected.
func (c *checker) wrong(n *node, expected, hint string) {
	c.bad(n.pos(), hint, "expected %s, found %s", expected, n.kind())
}
