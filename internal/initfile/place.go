package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
)

// ownPort stands above a command that may need to be told its port.
const ownPort = "It has to listen on $PORT; if it listens on nothing, say port = false."

// maybeQuiet stands above a command that nothing says to listen.
const maybeQuiet = "It seems to listen on nothing; if it does, take port = false out."

// place makes the command of s listen where lhrun says, as far as its program is
// known, and asks where it is not.
func (d *Draft) place(s *service) {
	words, ok := shellWords(s.command)
	if !ok {
		d.guess(s, nil)
		return
	}
	if dir, rest := changesDir(words); dir != "" && isDir(d.tree, path.Join(s.dir, dir)) {
		s.dir, words = path.Join(s.dir, dir), rest
		s.command = joined(words)
	}
	before, last, ok := lastCommand(words)
	if !ok {
		d.guess(s, words)
		return
	}
	if d.placeScript(s, before, last) {
		return
	}
	known, args, ok := toolFor(values(last))
	if !ok {
		s.command = joined(append(before, s.ownNumbers(last)...))
		d.guess(s, last)
		return
	}
	switch {
	case known.quiet && !servesAnyway(last):
		s.quiet = true
	default:
		s.portIn(last, known)
		s.command = joined(append(slices.Clone(before), known.rewritten(last, args)...))
		for _, v := range known.env {
			s.unset(v.key)
			s.set(v.key, v.value)
		}
		s.quiet = false
	}
}

// servesAnyway tells a builder that is told to serve what it builds.
func servesAnyway(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool {
		return w.value == "--serve" || strings.HasPrefix(w.value, "--serve=") || w.value == "--ui"
	})
}

// rewritten is the command with where to listen, in place of what it says of that.
func (t tool) rewritten(words []word, args int) []word {
	if t.obeys || slices.ContainsFunc(words, func(w word) bool { return portVariable().MatchString(w.raw) }) {
		return words
	}
	out := slices.Clone(words[:args])
	rest := words[args:]
	for _, flags := range []string{t.host, t.port, t.address} {
		rest = withoutFlag(rest, flags)
	}
	if t.address == "" && t.place != "" {
		rest = slices.DeleteFunc(rest, func(w word) bool { return isAddress().MatchString(w.value) })
		rest = slices.Concat([]word{raw(t.place)}, rest)
	}
	out = append(out, rest...)
	for _, flag := range t.flags() {
		out = append(out, raw(flag))
	}
	return out
}

// flags are what tells t where to listen.
func (t tool) flags() []string {
	var flags []string
	add := func(names, value string) {
		name, _, _ := strings.Cut(names, ",")
		switch {
		case name == "":
		case strings.HasSuffix(name, "="):
			flags = append(flags, name+value)
		default:
			flags = append(flags, name, value)
		}
	}
	place := t.place
	if place == "" {
		place = hostPort
	}
	add(t.address, place)
	add(t.host, "$HOST")
	if t.address == "" {
		add(t.port, "$PORT")
	}
	if t.more != "" {
		flags = append(flags, t.more)
	}
	return flags
}

func raw(s string) word { return word{raw: s, value: s} }

var isAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[\w.\[\]:-]*:)?[0-9]{2,5}$`)
})

// withoutFlag takes a flag and its value out. names are separated by commas.
func withoutFlag(words []word, names string) []word {
	var out []word
	for i := 0; i < len(words); i++ {
		w := words[i].value
		alone, inside := false, false
		for name := range strings.SplitSeq(names, ",") {
			name = strings.TrimSuffix(name, "=")
			short := len(name) == 2 && len(w) > 2 && strings.HasPrefix(w, name) && w[2] >= '0' && w[2] <= '9'
			alone = alone || name != "" && w == name
			inside = inside || name != "" && (strings.HasPrefix(w, name+"=") || short)
		}
		switch {
		case inside:
		case alone && i+1 < len(words) && !strings.HasPrefix(words[i+1].value, "-"):
			i++
		case alone:
		default:
			out = append(out, words[i])
		}
	}
	return out
}

var ownAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.*?)(?:(0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\])?:)?([0-9]{2,5})$`)
})

// ownNumbers replaces the numbers by which the source calls the ports of s, where a
// command writes them as an address or behind a flag of a port.
func (s *service) ownNumbers(words []word) []word {
	out := slices.Clone(words)
	for i, w := range words {
		m := ownAddress().FindStringSubmatch(w.raw)
		if i == 0 || m == nil {
			continue
		}
		name, known := s.shellPort(atoi(m[3]))
		before := words[i-1].value
		switch {
		case !known:
		case strings.HasSuffix(strings.TrimSuffix(w.raw, m[3]), ":") && (m[1] == "" || strings.HasSuffix(m[1], "=") || strings.HasSuffix(m[1], "//")):
			out[i] = raw(m[1] + "$HOST:" + name)
		case m[2] != "":
		case isPortFlag(strings.TrimSuffix(m[1], "=")) && strings.HasSuffix(m[1], "="), m[1] == "" && isPortFlag(before):
			out[i] = raw(m[1] + name)
		case strings.HasPrefix(w.raw, "0.0.0.0"):
			out[i] = raw("$HOST")
		}
	}
	for i, w := range out {
		if i > 0 && w.raw == "0.0.0.0" && isHostFlag(out[i-1].value) {
			out[i] = raw("$HOST")
		} else if flag, ok := strings.CutSuffix(w.raw, "=0.0.0.0"); ok && isHostFlag(flag) {
			out[i] = raw(flag + "=$HOST")
		}
	}
	return out
}

func isPortFlag(flag string) bool {
	return flag == "-p" || strings.HasPrefix(flag, "-") && strings.HasSuffix(strings.ToLower(flag), "port")
}

func isHostFlag(flag string) bool {
	flag = strings.ToLower(flag)
	return strings.HasPrefix(flag, "-") && (strings.HasSuffix(flag, "host") || strings.HasSuffix(flag, "bind") ||
		strings.HasSuffix(flag, "address") || strings.HasSuffix(flag, "addr") || strings.HasSuffix(flag, "ip"))
}

// guess decides by the sources of a program that no table knows, else by its name.
func (d *Draft) guess(s *service, words []word) {
	if portVariable().MatchString(s.command) {
		s.quiet = false
		return
	}
	only := len(s.known) > 0 || !isWorker(s.name) && !s.silent || config.Listens(s.name, "")
	d.settlePort(s, d.facts(s.dir, values(words), only))
}

// settlePort decides by what sources say.
func (d *Draft) settlePort(s *service, facts facts) {
	switch {
	case facts.readsPort:
		s.quiet = false
	case facts.fixed != 0:
		s.fixed, s.quiet = facts.fixed, false
		s.known = append(s.known, facts.fixed)
		s.say("It listens on this port and reads no $PORT; once it does, take port out.")
	case facts.listens, len(s.known) > 0, !facts.known && config.Listens(s.name, s.command):
		s.quiet = false
		s.say(ownPort)
	default:
		s.quiet = true
		s.say(maybeQuiet)
	}
}
