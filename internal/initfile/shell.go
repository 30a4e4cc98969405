package initfile

import (
	"regexp"
	"slices"
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
func literal(s string) string { return strings.ReplaceAll(s, "{{", "{{{{") }

// word is a word of a shell command: how it is written, and what it says.
type word struct {
	raw, value string
	// operator is a word such as && or |.
	operator bool
}

// shellWords cuts a command into words and operators. It is not ok where the
// command has more syntax than that.
func shellWords(line string) (words []word, ok bool) {
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		if n := operatorLength(line); n > 0 {
			words = append(words, word{raw: line[:n], operator: true})
			line = line[n:]
			continue
		}
		w, length := firstWord(line)
		isFirst := len(words) == 0 || words[len(words)-1].operator
		if length == 0 || isFirst && slices.Contains(keywords, w.raw) {
			return nil, false
		}
		words = append(words, w)
		line = line[length:]
	}
	return words, true
}

// keywords begin what is more than one command.
var keywords = []string{"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function", "select", "!", "[["}

func operatorLength(line string) int {
	for _, op := range []string{"&&", "||", ";", "|", "&", "\n"} {
		if strings.HasPrefix(line, op) {
			return len(op)
		}
	}
	return 0
}

// firstWord reads the word that line begins with; its length is 0 where it is not
// a plain one.
func firstWord(line string) (word, int) {
	var value strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n', ';', '|', '&':
			return word{raw: line[:i], value: value.String()}, i
		case '\'', '"':
			n := strings.IndexByte(line[i+1:], c)
			if n < 0 || c == '"' && strings.ContainsAny(line[i+1:i+1+n], "`\\") {
				return word{}, 0
			}
			value.WriteString(line[i+1 : i+1+n])
			i += n + 1
		case '\\':
			if i++; i == len(line) || line[i] == '\n' {
				return word{}, 0
			}
			value.WriteByte(line[i])
		case '`', '(', ')', '<', '>', '#', '{', '}':
			if c == '`' || c == '(' || c == ')' || i == 0 && c != '<' && c != '>' {
				return word{}, 0
			}
			value.WriteByte(c)
		default:
			value.WriteByte(c)
		}
	}
	return word{raw: line, value: value.String()}, len(line)
}

// joined writes words as a command again.
func joined(words []word) string {
	raw := make([]string, len(words))
	for i, w := range words {
		raw[i] = w.raw
	}
	return strings.Join(raw, " ")
}

func values(words []word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.value
	}
	return all
}

// lastCommand parts a command such as "cd web && vite" before its last program. It
// is not ok where several run at once.
func lastCommand(words []word) (before, last []word, ok bool) {
	for i, w := range words {
		if !w.operator {
			continue
		}
		if w.raw == "|" || w.raw == "&" || w.raw == "||" {
			return nil, nil, false
		}
		before, last = words[:i+1], words[i+1:]
	}
	if before == nil {
		last = words
	}
	return before, last, len(last) > 0
}

// changesDir takes a leading "cd DIR &&" off, as a relative path.
func changesDir(words []word) (dir string, rest []word) {
	if len(words) > 3 && words[0].value == "cd" && words[2].raw == "&&" && !strings.ContainsAny(words[1].raw, "$~`") {
		return words[1].value, words[3:]
	}
	return "", words
}

var portVariable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{?PORT\b`)
})
