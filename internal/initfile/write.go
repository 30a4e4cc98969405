package initfile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TOML is the draft as a file.
func (d *Draft) TOML() []byte {
	var b bytes.Buffer
	from := ""
	if len(d.Sources) > 0 {
		from = " from " + strings.Join(d.Sources, ", ")
	}
	fmt.Fprintf(&b, header, comment(from))
	if len(d.remarks) > 0 {
		b.WriteString("#\n")
	}
	remark(&b, d.remarks...)
	if d.name != "" {
		fmt.Fprintf(&b, "\nname = %s\n", quote(d.name))
	}
	switch {
	case d.unreadable:
		b.WriteString("\n# .env has a mistake; once that is mended, take this line out.\nenv_file = false\n")
	case d.ownEnv:
		fmt.Fprintf(&b, "\n# %s reads .env files by itself, in layers; lhrun's reading of .env would win over them.\nenv_file = false\n", d.layers)
	}
	if len(d.env) > 0 {
		b.WriteString("\n[env]\n")
		for _, v := range d.env {
			fmt.Fprintf(&b, "%s = %s\n", tomlKey(v.key), quote(v.value))
		}
	}
	for _, s := range d.services {
		b.WriteString("\n")
		s.write(&b)
	}
	for _, l := range d.lost {
		b.WriteString("\n")
		notTaken(&b, " from "+l.file, l.entries)
	}
	return numberQuestion(b.Bytes())
}

// questionLine is where the number of the question's own line goes.
const questionLine = "\uE000"

func numberQuestion(text []byte) []byte {
	before, after, found := bytes.Cut(text, []byte(questionLine))
	if !found {
		return text
	}
	number := strconv.Itoa(bytes.Count(before, []byte("\n")) + 1)
	return slices.Concat(before, []byte(number), after)
}

// Open counts what is left to do: questions above services, and values that are not
// taken over.
func (d *Draft) Open() (questions, lost int) {
	for _, s := range d.services {
		lost += len(s.lost)
		if s.off || slices.Contains(s.comment, ownPort) || slices.Contains(s.comment, maybeQuiet) {
			questions++
		}
	}
	for _, l := range d.lost {
		lost += len(l.entries)
	}
	return questions, lost
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

func remark(b *bytes.Buffer, lines ...string) {
	for _, line := range lines {
		fmt.Fprintf(b, "# %s\n", comment(line))
	}
}

// notTaken writes what is no key, a line each.
func notTaken(b *bytes.Buffer, from string, entries []string) {
	for _, entry := range entries {
		for line := range strings.Lines(entry) {
			remark(b, "not taken over"+from+": "+strings.TrimSpace(line))
		}
	}
}

func (s service) write(b *bytes.Buffer) {
	remark(b, s.comment...)
	notTaken(b, "", s.lost)
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
	add("port", strconv.Itoa(s.fixed), s.fixed != 0 && !s.quiet)
	add("ports", inlineTable(s.ports, func(p port) (string, string) { return p.name, quote("auto") }), len(s.ports) > 0)
	add("url", quote(s.url), s.url != "")
	add("depends_on", edges(s.after), len(s.after) > 0)
	add("env_file", array(s.envFiles), len(s.envFiles) > 0)
	add("env", inlineTable(s.env, func(v variable) (string, string) { return v.key, quote(v.value) }), len(s.env) > 0)
	add("ready", s.ready, s.ready != "")
	add("restart", quote(s.restart), s.restart != "" && !s.task)
	add("stop", s.stop.toml(), s.stop.toml() != "")
	add("profiles", array(s.profiles), len(s.profiles) > 0)
	add("autostart", "false", s.manual)
	return kv
}
