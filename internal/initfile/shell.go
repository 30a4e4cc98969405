package initfile

import (
	"regexp"
	"strings"
	"sync"
)

var plainWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)
})

// shellWord writes s as one word of sh, in quotes where it needs them.
func shellWord(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// shellLine writes argv as a command of sh.
func shellLine(argv []string) string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		words[i] = shellWord(arg)
	}
	return strings.Join(words, " ")
}

// literal keeps braces that are no template of lhrun.
func literal(s string) string {
	return strings.ReplaceAll(s, "{{", "{{{{")
}

var portVariable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{?PORT\b`)
})

// listens guesses from a process's name and command whether it has a port.
func listens(name, command string) bool {
	if portVariable().MatchString(command) {
		return true
	}
	for _, word := range []string{"web", "api", "app", "server", "frontend", "backend", "http", "vite", "ui"} {
		if strings.Contains(strings.ToLower(name), word) {
			return true
		}
	}
	return false
}
