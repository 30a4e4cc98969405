package help

import (
	"slices"
	"strings"
)

// Meant returns the topic that tells about word, which is no topic's name; "" where
// none is known for it.
func Meant(word string) string {
	word = strings.ToLower(strings.TrimPrefix(word, "."))
	for _, s := range subjects {
		if slices.Contains(s.words, word) {
			return s.topic
		}
	}
	return ""
}

// subjects are words that people look for, with the topic that explains them.
var subjects = [...]struct {
	topic string
	words []string
}{
	{"changes", []string{"watch", "hot-reload", "watching", "change"}},
	{"env", []string{"environment", "variables", "variable", "vars", "dotenv", "env_file", "port-files"}},
	{"exit", []string{"code", "codes", "exit-code", "exit-codes", "exitcode", "exitcodes"}},
	{"file", []string{"config", "configuration", "toml", "lhrun.toml", "keys", "templates", "template", "services", "depends_on", "profiles", "defaults"}},
	{"files", []string{"directories", "paths", "state", "xdg", "socket", "registry"}},
	{"go", []string{"golang", "library", "api", "package", "packages"}},
	{"life", []string{"states", "lifecycle", "signals", "signal", "shutdown", "backoff", "crash", "stopping", "tasks", "task"}},
	{"events", []string{"journal", "cursor", "cursors", "event"}},
	{"logs", []string{"log", "output", "colours", "colors"}},
	{"ports", []string{"lease", "leases", "stable", "worktree", "worktrees"}},
	{"procfile", []string{"foreman", "procfile.dev", "procfiles", "overmind"}},
	{"ready", []string{"readiness", "probe", "probes", "health", "healthcheck", "healthy", "unhealthy", "listen"}},
	{"scripts", []string{"ci", "json", "scripting", "script", "automation"}},
	{"security", []string{"secrets", "secret", "passwords", "permissions"}},
	{"trust", []string{"tls", "https", "ssl", "ca", "certificate", "certificates", "cert", "certutil"}},
	{"systems", []string{"linux", "macos", "darwin", "freebsd", "windows", "platforms", "system"}},
}
