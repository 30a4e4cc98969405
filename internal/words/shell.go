package words

import (
	"slices"
	"strings"
)

// IsShellWord reports whether a shell takes word itself, with or without a program of
// that name.
func IsShellWord(word string) bool { return slices.Contains(strings.Fields(shellWords), word) }

// ShellQuote writes s as one word of any POSIX shell.
func ShellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

const shellWords = `. : [ alias bg bind break builtin caller case cd chdir command compgen complete
	continue coproc declare dirs disown do done echo elif else enable end esac eval exec exit export false fc fg fi
	for function getopts hash help history if in jobs kill let local logout mapfile popd print printf pushd pwd read
	readarray readonly return select set shift shopt source suspend test then time times trap true type typeset
	ulimit umask unalias unset until wait whence while`
