package supervisor

import (
	"slices"
	"strings"
)

// plainWords are the words that the shell makes of its command, where there is nothing
// in it but plain words and variables with plain values: a program, -p, $PORT.
func plainWords(argv, env []string) (words []string, ok bool) {
	if !isShell(argv) {
		return nil, false
	}
	fields := strings.FieldsFunc(argv[2], func(c rune) bool { return c == ' ' || c == '\t' })
	for _, field := range fields {
		word, ok := plainWord(field, env)
		if !ok {
			return nil, false
		}
		words = append(words, word)
	}
	if len(words) == 0 || strings.ContainsAny(fields[0], "$=") || isShellWord(fields[0]) {
		return nil, false
	}
	return words, true
}

// plainWord replaces the variables in field. False says that a shell could make
// anything else of it.
func plainWord(field string, env []string) (word string, ok bool) {
	before, rest, found := strings.Cut(field, "$")
	for {
		if !isPlain(before) {
			return "", false
		}
		word += before
		if !found {
			return word, true
		}
		name, after := variableName(rest)
		value := valueOf(name, env)
		if name == "" || value == "" || !isPlain(value) || isShellsOwn(name) {
			return "", false
		}
		word += value
		before, rest, found = strings.Cut(after, "$")
	}
}

// isPlain reports whether a shell takes s for itself, wherever it stands in a word.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return !isNameRune(c) && !strings.ContainsRune("./:=,@%+-", c) })
}

func isNameRune(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// variableName takes NAME or {NAME} off the beginning of s; "" is neither.
func variableName(s string) (name, rest string) {
	inner, braced := strings.CutPrefix(s, "{")
	end := strings.IndexFunc(inner, func(c rune) bool { return !isNameRune(c) })
	if end < 0 {
		end = len(inner)
	}
	name, rest = inner[:end], inner[end:]
	if braced {
		if rest, braced = strings.CutPrefix(rest, "}"); !braced {
			return "", s
		}
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "", s
	}
	return name, rest
}

// isShellsOwn reports whether some shell sets the variable whatever its environment says.
func isShellsOwn(name string) bool {
	return strings.HasPrefix(name, "BASH") || slices.Contains(shellsOwn, name)
}

var shellsOwn = strings.Fields(`_ COLUMNS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD HOSTNAME
	HOSTTYPE IFS LINENO LINES MACHTYPE OLDPWD OPTARG OPTERR OPTIND OSTYPE PIPESTATUS PPID PS1 PS2 PS4 PWD RANDOM
	SECONDS SHELLOPTS SHLVL SRANDOM UID`)

func valueOf(name string, env []string) string {
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, name); ok && strings.HasPrefix(value, "=") {
			return value[1:]
		}
	}
	return ""
}
