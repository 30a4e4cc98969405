package config

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

var portFlag = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|\s)(?:PORT=|--port[= ]\s*|(-p)\s*=?|(?:--bind|--listen|-b)[= ]\s*(?:tcp://)?[\w.\[\]:-]*:)([0-9]{2,5})(?:\s|$)`)
})

// listeningNames are words in the names of processes that have a port.
var listeningNames = []string{
	"web", "api", "app", "server", "frontend", "backend", "http", "vite", "ui", "site", "proxy", "gateway", "webapp", "webserver", "website", "rails", "puma",
}

// clients are programs whose -p or --port names the port of somebody else.
var clients = []string{
	"docker", "podman", "ssh", "redis-cli", "psql", "mysql", "mariadb", "curl", "wget", "nc", "kubectl", "ngrok", "cloudflared",
	"stripe", "wait-on", "wait-for-it", "wait-for-it.sh", "sidekiq", "celery", "pg_isready", "mosquitto_sub", "mongosh", "cat", "mkdir", "tar", "cp",
}

// Listens guesses from the name and the command of a process whether it has a port.
func Listens(name, command string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c < 'a' || c > 'z' })
	return usesPort().MatchString(command) || FixedPort(command) != 0 ||
		slices.ContainsFunc(words, func(word string) bool { return slices.Contains(listeningNames, word) })
}

// FixedPort is the port that a command names as its own, 0 where it names none or
// leaves it to $PORT.
func FixedPort(command string) int {
	m := portFlag().FindStringSubmatch(command)
	if m == nil || usesPort().MatchString(command) || strings.ContainsAny(command, "|&;") {
		return 0
	}
	for word := range strings.FieldsSeq(command) {
		if slices.Contains(clients, path.Base(word)) {
			return 0
		}
	}
	number, err := strconv.Atoi(m[2])
	if err != nil || number > maxPort {
		return 0
	}
	return number
}
