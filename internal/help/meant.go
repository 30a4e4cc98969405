package help

import (
	"slices"
	"strings"
)

// Meant returns the topic that tells about word, which is no topic's name; "" where
// none is known for it.
func Meant(word string) string {
	word = strings.ToLower(strings.TrimPrefix(word, "."))
	for topic, words := range subjects {
		if slices.Contains(words, word) {
			return topic
		}
	}
	return ""
}

// subjects are words that people look for, by the topic that explains them.
var subjects = map[string][]string{
	"changes":  {"watch", "hot-reload", "watching", "change"},
	"env":      {"environment", "variables", "variable", "vars", "dotenv", "env_file", "port-files"},
	"exit":     {"code", "codes", "exit-code", "exit-codes", "exitcode", "exitcodes"},
	"file":     {"config", "configuration", "toml", "lhrun.toml", "keys", "templates", "template", "services", "depends_on", "profiles", "defaults"},
	"files":    {"directories", "paths", "state", "xdg", "socket", "registry"},
	"go":       {"golang", "library", "api", "package", "packages"},
	"life":     {"states", "lifecycle", "signals", "signal", "shutdown", "backoff", "crash", "stopping", "tasks", "task"},
	"logs":     {"log", "output", "colours", "colors"},
	"ports":    {"lease", "leases", "stable", "worktree", "worktrees"},
	"procfile": {"foreman", "procfile.dev", "procfiles", "overmind"},
	"ready":    {"readiness", "probe", "probes", "health", "healthcheck", "healthy", "unhealthy", "listen"},
	"scripts":  {"ci", "json", "scripting", "script", "automation"},
	"security": {"secrets", "secret", "passwords", "permissions"},
	"systems":  {"linux", "macos", "darwin", "freebsd", "windows", "platforms", "system"},
}
