package supervisor

import (
	"errors"
	"os"
	"regexp"
	"sync"

	"github.com/lhrun/lhrun/internal/proc"
)

// startCommand starts what spec says, without a shell where that comes to the same: a
// shell is as much work as many a service, and a process that is not one program.
func (s *Supervisor) startCommand(spec proc.Spec) (process, error) {
	if words, ok := plainWords(spec.Argv, spec.Env); ok && spec.PIDVar == "" {
		direct := spec
		direct.Argv, direct.Env = words, inDir(spec.Env, spec.Dir)
		if p, err := s.platform.start(direct); err == nil || errors.Is(err, os.ErrClosed) {
			return p, err
		}
		// The shell has words for what is wrong, and runs a script that names nobody.
	}
	spec.Argv = execInShell(spec.Argv)
	return s.platform.start(spec)
}

// simpleCommand is one program with its arguments: no list, pipe, redirection, group
// or substitution, and nothing before the program.
var simpleCommand = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(\"\\$LHRUN\"|[a-zA-Z0-9_./+-]+)([ \t][^;&|<>()`\n]*)?$")
})

// execInShell has the shell of a simple command become its program, rather than wait
// for it: one process less, and when lhrun and its guard are killed in the same
// instant the kernel ends the program itself.
func execInShell(argv []string) []string {
	if !isShell(argv) {
		return argv
	}
	program := simpleCommand().FindStringSubmatch(argv[2])
	if program == nil || proc.IsShellWord(program[1]) {
		return argv
	}
	return []string{argv[0], argv[1], "exec " + argv[2]}
}

func isShell(argv []string) bool { return len(argv) == 3 && argv[0] == "sh" && argv[1] == "-c" }
