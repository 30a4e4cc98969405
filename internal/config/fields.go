package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
)

// fields reads the parts of one table. Whatever is not asked for is unknown.
type fields struct {
	*checker
	n       *node
	isTable bool
	known   []string
	// meant are the keys that unknown ones were probably meant to be.
	meant []string
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
		if f.full() {
			f.more++
			continue
		}
		f.bad(f.n.parts[name].keyPos(), f.unknownHint(name), "unknown key %q in %s", name, where)
		f.meant = append(f.meant, nearest(name, f.known))
	}
}

func (f *fields) unknownHint(name string) string {
	switch {
	case slices.Contains(f.serviceKeyNames, name):
		return "it belongs below [services.NAME]"
	case slices.Contains(topKeys[:], name):
		return "it belongs to the top of the file, above the first [table]"
	}
	if m := nearest(name, f.known); m != "" {
		return didYouMean(strconv.Quote(m))
	}
	return "known are " + strings.Join(slices.Sorted(slices.Values(f.known)), ", ")
}

// meantHint suggests one of known for s; "" where none is near.
func meantHint(s string, known []string) string {
	if m := nearest(s, known); m != "" {
		return didYouMean(strconv.Quote(m))
	}
	return ""
}

// nearest returns the one of known that s was probably meant to be: a word that is
// near to s, or one that has the name s in other tools.
func nearest(s string, known []string) string {
	if near := words.Suggest(s, known); near != "" {
		return near
	}
	for _, alias := range aliases {
		if !slices.Contains(known, alias.ours) {
			continue
		}
		if slices.Contains(alias.theirs, strings.ToLower(s)) || words.Suggest(s, alias.theirs) != "" {
			return alias.ours
		}
	}
	return ""
}

// aliases are what other tools call the keys and values of this one.
var aliases = [...]struct {
	ours   string
	theirs []string
}{
	{"services", []string{"processes", "process", "programs"}},
	{"command", []string{"cmd", "run", "entrypoint", "script"}},
	{"working_dir", []string{"cwd", "dir", "workdir", "directory"}},
	{"env", []string{"environment", "vars", "variables"}},
	{"depends_on", []string{"needs", "requires", "after"}},
	{"ready", []string{"readiness", "readiness_probe", "healthy", "service_healthy", "process_healthy"}},
	{"health", []string{"healthcheck", "health_check", "liveness_probe"}},
	{"stop", []string{"shutdown", "stop_signal", "stop_grace_period"}},
	{"restart", []string{"restart_policy", "availability"}},
	{"tty", []string{"pty"}},
	{"stdin", []string{"stdin_open", "interactive"}},
	{"http", []string{"http_get", "path"}},
	{"exec", []string{"test"}},
	{"interval", []string{"period", "period_seconds"}},
	{"timeout", []string{"timeout_seconds", "grace_period"}},
	{"retries", []string{"retry", "failure_threshold"}},
	{"started", []string{"service_started", "process_started", "running"}},
	{"completed", []string{"service_completed_successfully", "process_completed_successfully", "process_completed", "done", "success"}},
	{"task", []string{"oneshot", "job"}},
	{"no", []string{"never", "none"}},
	{"always", []string{"unless-stopped"}},
}
