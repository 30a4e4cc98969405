package supervisor

import (
	"regexp"
	"sync"
)

// simpleCommand matches one program with its arguments: no list, pipe, redirection,
// group or substitution, and nothing before the program.
var simpleCommand = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(\"\\$LHRUN\"|[a-zA-Z0-9_./+-]+)([ \t][^;&|<>()`\n]*)?$")
})

// execInShell puts exec before a simple command, so that the shell becomes the program
// rather than wait for it. That saves a process, and when lhrun and its guard are killed
// at the same time, the kernel ends the program itself.
func execInShell(argv []string) []string {
	if !isShell(argv) {
		return argv
	}
	program := simpleCommand().FindStringSubmatch(argv[2])
	if program == nil || isShellWord(program[1]) {
		return argv
	}
	return []string{argv[0], argv[1], "exec " + argv[2]}
}

func isShell(argv []string) bool { return len(argv) == 3 && argv[0] == "sh" && argv[1] == "-c" }
