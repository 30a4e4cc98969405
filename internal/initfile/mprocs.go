package initfile

import (
	"path"
	"strings"
)

// readMprocs reads the processes of mprocs.
func (d *Draft) readMprocs() {
	name, root, ok := d.readYAML("mprocs.yaml", "mprocs.yml")
	if !ok {
		return
	}
	var found []service
	for proc, n := range root.get("procs").pairs() {
		if !n.isNull {
			found = append(found, d.mproc(proc, n))
		}
	}
	d.list(name, found)
	root.get("procs").drop()
	d.lose(name, root.unread("")...)
}

func (d *Draft) mproc(name string, n *node) service {
	s := service{name: name, command: literal(n.str())}
	if shell := n.get("shell").str(); shell != "" {
		s.command = literal(shell)
	} else if words := n.get("cmd").words(); len(words) > 0 {
		s.command = literal(shellLine(words))
	} else if n.isList {
		s.command = literal(shellLine(n.words()))
	}
	s.listed = s.command
	d.workDir(&s, n.get("cwd"), "cwd")
	for key, value := range n.get("env").pairs() {
		if value.isNull || !isVariableName(key) {
			s.lose("env: " + key + ": " + value.flow(maxFlow))
			continue
		}
		s.set(key, literal(value.str()))
	}
	switch how := n.get("stop"); {
	case how.isScalar() && how.text == "hard-kill":
		s.stop.signal = "KILL"
		how.read = true
	case how.isScalar():
		s.stop.signal = signalName(how.str())
	case how.isTable():
		how.read = false
	}
	if n.has("autostart") {
		s.manual = n.get("autostart").str() == "false"
	}
	if n.get("autorestart").truth() {
		s.restart = "always"
	}
	if strings.TrimSpace(s.command) == "" {
		s.off, s.command = true, "…"
		s.say("No command for it is given.")
	}
	s.lose(n.unread("")...)
	return s
}

// workDir takes the directory of a process over where it is here.
func (d *Draft) workDir(s *service, n *node, key string) {
	given := n.str()
	dir := strings.TrimPrefix(strings.TrimPrefix(given, "<CONFIG_DIR>"), "/")
	switch {
	case given == "" || given == "<CONFIG_DIR>":
	case strings.HasPrefix(given, "/") || !isDir(d.tree, path.Clean(dir)):
		s.lose(key + ": " + given)
	default:
		s.dir = path.Clean(dir)
	}
}
