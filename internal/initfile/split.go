package initfile

import (
	"path"
	"slices"
	"strings"
)

// maxSplits is how deep programs that start others may be nested.
const maxSplits = 4

// split makes a service of each program where the command of s starts several, and
// places each. s is what calls them.
func (d *Draft) split(s service, depth int) []service {
	if parts := d.parts(s); len(parts) > 0 && depth < maxSplits {
		var all []service
		for i, part := range parts {
			part.from, part.env = s.from, slices.Clone(s.env)
			if i == 0 {
				part.comment, part.lost = slices.Concat(s.comment, part.comment), slices.Concat(s.lost, part.lost)
			}
			part.after, part.envFiles = s.after, s.envFiles
			all = append(all, d.split(part, depth+1)...)
		}
		return all
	}
	if words, ok := shellWords(s.command); ok && isContainers(values(words)) {
		s.lose("command: " + s.command)
		s.off = true
		s.say("What it starts is below, as far as a program here does the same.")
		return []service{s}
	}
	d.enter(&s)
	d.place(&s)
	return []service{s}
}

// enter runs the script of another package in that package's directory.
func (d *Draft) enter(s *service) {
	words, ok := shellWords(s.command)
	if !ok {
		return
	}
	call, _, at, ok := d.lookUp(s.dir, words)
	if !ok || call.dir == "" || isAssignment(words[0].value) {
		return
	}
	s.dir, s.command = at, call.manager+" run "+shellWord(call.name)
	if len(call.args) > 0 {
		s.command += " -- " + joined(call.args)
	}
}

// isContainers tells a command that starts what a compose file says.
func isContainers(words []string) bool {
	words = words[min(programOf(words), len(words)):]
	return len(words) > 1 && (words[0] == "docker-compose" || words[0] == "docker" && words[1] == "compose" || words[0] == "podman" && words[1] == "compose") &&
		(slices.Contains(words, "up") || slices.Contains(words, "start"))
}

// parts are the programs that a command starts side by side, none where it is one.
func (d *Draft) parts(s service) []service {
	words, ok := shellWords(s.command)
	if !ok {
		return nil
	}
	dir := s.dir
	if to, rest := changesDir(words); to != "" && isDir(d.tree, path.Join(dir, to)) {
		dir, words = path.Join(dir, to), rest
	}
	if parts := background(words, dir); parts != nil {
		return parts
	}
	before, last, ok := lastCommand(words)
	if !ok || len(before) > 0 {
		return nil
	}
	if call, text, at, called := d.lookUp(dir, last); called {
		inner, ok := shellWords(text)
		if !ok || len(call.args) > 0 {
			return nil
		}
		return d.parallel(call.manager, inner, at)
	}
	return d.parallel(packageManager(d.tree, dir), last, dir)
}

// background parts "a & b"; a "wait" at the end is none of them.
func background(words []word, dir string) []service {
	var parts []service
	var current []word
	for _, w := range append(slices.Clone(words), word{raw: "&", operator: true}) {
		switch {
		case w.operator && w.raw != "&" && w.raw != "&&":
			return nil
		case w.operator && w.raw == "&":
			if len(current) > 0 && current[0].value != "wait" {
				parts = append(parts, service{name: commandName(current, nil), dir: dir, command: joined(current)})
			}
			current = nil
		default:
			current = append(current, w)
		}
	}
	if len(parts) < 2 {
		return nil
	}
	return parts
}

// parallel reads a call of a program that starts others: concurrently, npm-run-all,
// turbo and their like.
func (d *Draft) parallel(manager string, words []word, dir string) []service {
	if parts := background(words, dir); parts != nil {
		return parts
	}
	start := programOf(values(words))
	if start == len(words) {
		return nil
	}
	m, _ := readManifest(d.tree, dir)
	args := words[start+1:]
	var parts []service
	switch program := path.Base(words[start].value); program {
	case "concurrently", "conc":
		parts = d.concurrently(manager, m, args, dir)
	case "run-p", "npm-run-all", "npm-run-all2":
		if program != "run-p" && !slices.ContainsFunc(args, func(w word) bool { return w.value == "-p" || w.value == "--parallel" }) {
			return nil
		}
		for _, w := range args {
			if !strings.HasPrefix(w.value, "-") {
				parts = append(parts, m.matching(manager, w.value, dir)...)
			}
		}
	}
	for i := range parts {
		for _, w := range words[:start] {
			if key, value, ok := strings.Cut(w.value, "="); ok && isAssignment(w.value) {
				parts[i].set(key, literal(value))
			}
		}
	}
	return parts
}

// concurrently reads its names and commands; its other flags are about output.
func (d *Draft) concurrently(manager string, m manifest, args []word, dir string) []service {
	var names, other []string
	var commands []word
	for i := 0; i < len(args); i++ {
		flag, value, inside := strings.Cut(args[i].value, "=")
		valued := slices.Contains([]string{"-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "--name-separator", "-l", "--prefix-length",
			"-s", "--success", "-m", "--max-processes", "--restart-tries", "--restart-after", "--kill-signal", "--timestamp-format", "-t", "-i"}, flag)
		if valued && !inside && i+1 < len(args) && flag != "-i" {
			i++
			value = args[i].value
		}
		switch {
		case flag == "-n" || flag == "--names":
			names = strings.Split(value, ",")
		case strings.HasPrefix(flag, "-"):
			if flag != "-c" && flag != "--prefix-colors" && flag != "-p" && flag != "--prefix" {
				other = append(other, args[i].value)
			}
		default:
			commands = append(commands, args[i])
		}
	}
	var parts []service
	for i, c := range commands {
		found := m.member(manager, c.value, dir, d.members())
		if i < len(names) && len(commands) == len(names) && len(found) == 1 && strings.TrimSpace(names[i]) != "" {
			found[0].name = strings.TrimSpace(names[i])
		}
		parts = append(parts, found...)
	}
	if len(parts) > 0 && len(other) > 0 {
		parts[0].lose("concurrently " + strings.Join(other, " "))
	}
	return parts
}

// member is a command of concurrently, which may be "npm:dev:*".
func (m manifest) member(manager, command, dir string, members map[string]string) []service {
	for _, name := range managers {
		if pattern, ok := strings.CutPrefix(command, name+":"); ok {
			return m.matching(name, pattern, dir)
		}
	}
	words, ok := shellWords(command)
	s := service{name: "service", dir: dir, command: command}
	if ok && len(words) > 0 {
		s.name = commandName(words, members)
		s.command = m.withManager(manager, words)
	}
	return []service{s}
}

// matching are the scripts of a name, or of a pattern with a * at its end.
func (m manifest) matching(manager, pattern, dir string) []service {
	var found []service
	pattern, args, _ := strings.Cut(pattern, " ")
	prefix, many := strings.CutSuffix(pattern, "*")
	for _, name := range m.order {
		if name != pattern && !(many && strings.HasPrefix(name, strings.TrimSuffix(prefix, "*"))) {
			continue
		}
		command := manager + " run " + shellWord(name)
		if args != "" {
			command += " " + args
		}
		found = append(found, service{name: lastPart(name), dir: dir, command: command})
	}
	return found
}

// lastPart of "dev:web" is "web".
func lastPart(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

// withManager runs a program of the package's dependencies by the manager, for the
// script has it in PATH and a service has not.
func (m manifest) withManager(manager string, words []word) string {
	at := 0
	for at < len(words) && isAssignment(words[at].value) {
		at++
	}
	if at == len(words) || !m.provides(words[at].value) {
		return joined(words)
	}
	return strings.TrimSpace(joined(words[:at]) + " " + execute(manager) + joined(words[at:]))
}

// commandName makes a name of what a command runs.
func commandName(words []word, members map[string]string) string {
	_, rest := changesDir(words)
	all := values(rest)
	if call, ok := callOf(rest, members); ok {
		if call.dir != "" {
			return path.Base(call.dir)
		}
		return lastPart(call.name)
	}
	if dir, _ := changesDir(words); dir != "" {
		return path.Base(dir)
	}
	if i := programOf(all); i < len(all) {
		return path.Base(all[i])
	}
	return "service"
}
