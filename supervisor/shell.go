package supervisor

import (
	"regexp"
	"slices"
	"strings"
)

// simpleCommand is one program with its arguments: no list, pipe, redirection, group
// or substitution, and nothing before the program.
var simpleCommand = regexp.MustCompile("^(\"\\$LHRUN\"|[a-zA-Z0-9_./+-]+)([ \t][^;&|<>()`\n]*)?$")

// shellsOwn are words that the shell takes itself, with or without a program of that
// name.
var shellsOwn = strings.Fields(`. alias bg bind break builtin caller case cd chdir command compgen complete
	continue coproc declare dirs disown do done echo elif else enable end esac eval exec exit export false fc fg fi
	for function getopts hash help history if in jobs kill let local logout mapfile popd print printf pushd pwd read
	readarray readonly return select set shift shopt source suspend test then time times trap true type typeset
	ulimit umask unalias unset until wait whence while`)

// withoutShell has the shell of a simple command become its program, rather than wait
// for it: one process less, and when lhrun and its guard are killed in the same
// instant the kernel ends the program itself.
func withoutShell(argv []string) []string {
	if len(argv) != 3 || argv[0] != "sh" || argv[1] != "-c" {
		return argv
	}
	program := simpleCommand.FindStringSubmatch(argv[2])
	if program == nil || slices.Contains(shellsOwn, program[1]) {
		return argv
	}
	return []string{argv[0], argv[1], "exec " + argv[2]}
}
