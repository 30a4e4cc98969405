package initfile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func array(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// edges is an array where every condition is the default one, else a table.
func edges(after []edge) string {
	var names []string
	plain := true
	for _, e := range after {
		names = append(names, e.name)
		plain = plain && e.condition == "" && !e.restart
	}
	if plain {
		return array(names)
	}
	return inlineTable(after, func(e edge) (string, string) {
		switch {
		case e.restart && e.condition != "":
			return e.name, "{ condition = " + quote(e.condition) + ", restart = true }"
		case e.restart:
			return e.name, "{ restart = true }"
		case e.condition == "":
			return e.name, "{}"
		}
		return e.name, quote(e.condition)
	})
}

func inlineTable[T any](items []T, pair func(T) (key, value string)) string {
	var pairs []string
	for _, item := range items {
		key, value := pair(item)
		pairs = append(pairs, tomlKey(key)+" = "+value)
	}
	return "{ " + strings.Join(pairs, ", ") + " }"
}

// tomlKey writes a key bare where TOML allows it.
func tomlKey(s string) string {
	if s != "" && serviceName(s) == s {
		return s
	}
	return quote(s)
}

// quote writes a TOML string: a literal one where that saves escapes, several
// lines as several lines.
func quote(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	control := func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f }
	fits := strings.IndexFunc(s, control) < 0 && !strings.Contains(s, "'''") && !strings.HasSuffix(s, "'")
	switch {
	case fits && strings.Contains(s, "\n"):
		return "'''\n" + s + "'''"
	case !fits || !strings.ContainsAny(s, `"\`):
	case strings.Contains(s, "'"):
		return "'''" + s + "'''"
	default:
		return "'" + s + "'"
	}
	return basicString(s)
}

func basicString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// comment is s without what would end a comment or may not be in one.
func comment(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, s)
}
