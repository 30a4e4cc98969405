package initfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TOML is the draft as a file.
func (d *Draft) TOML() []byte {
	var b bytes.Buffer
	from := ""
	if len(d.Sources) > 0 {
		from = " from " + strings.Join(d.Sources, ", ")
	}
	fmt.Fprintf(&b, header, comment(from))
	if d.name != "" {
		fmt.Fprintf(&b, "\nname = %s\n", quote(d.name))
	}
	for _, s := range d.services {
		b.WriteString("\n")
		s.write(&b)
	}
	return b.Bytes()
}

const header = `# A first draft by "lhrun init"%s.
#
#   lhrun check    validates it
#   lhrun up       starts everything; Ctrl-C stops it
#
# Each service gets a free port of its own, always the same one here, in $PORT,
# and should listen on $HOST. The others find it in $<NAME>_PORT and $<NAME>_URL,
# or write {{NAME.port}} and {{NAME.url}} in this file.
`

func (s service) write(b *bytes.Buffer) {
	for _, line := range s.comment {
		fmt.Fprintf(b, "# %s\n", comment(line))
	}
	var table bytes.Buffer
	fmt.Fprintf(&table, "[services.%s]\n", s.name)
	for _, kv := range s.values() {
		fmt.Fprintf(&table, "%s = %s\n", kv.key, kv.value)
	}
	if !s.off {
		b.Write(table.Bytes())
		return
	}
	for line := range strings.Lines(table.String()) {
		b.WriteString("# " + line)
	}
}

// values are the keys of the table with their TOML.
func (s service) values() []variable {
	var kv []variable
	add := func(key, value string, given bool) {
		if given {
			kv = append(kv, variable{key, value})
		}
	}
	add("type", quote("task"), s.task)
	add("command", quote(s.command), true)
	add("working_dir", quote(literal(s.dir)), s.dir != "" && s.dir != ".")
	add("port", "false", s.quiet && !s.task)
	add("ports", inlineTable(s.ports, func(name string) (string, string) { return name, quote("auto") }), len(s.ports) > 0)
	add("url", quote(s.url), s.url != "")
	add("depends_on", edges(s.after), len(s.after) > 0)
	add("env", inlineTable(s.env, func(v variable) (string, string) { return v.key, quote(v.value) }), len(s.env) > 0)
	add("ready", s.ready, s.ready != "")
	add("restart", quote(s.restart), s.restart != "" && !s.task)
	add("stop", s.stop, s.stop != "")
	add("profiles", array(s.profiles), len(s.profiles) > 0)
	return kv
}

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
		plain = plain && e.condition == ""
	}
	if plain {
		return array(names)
	}
	return inlineTable(after, func(e edge) (string, string) {
		if e.condition == "" {
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
