package initfile

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// readProcessCompose reads the processes of process-compose.
func (d *Draft) readProcessCompose() {
	name, root, ok := d.readYAML("process-compose.yaml", "process-compose.yml")
	if !ok {
		return
	}
	var found []service
	for proc, n := range root.get("processes").pairs() {
		found = append(found, d.processComposed(proc, n))
	}
	for _, s := range found {
		for _, e := range s.after {
			if i := slices.IndexFunc(found, func(k service) bool { return k.name == e.name }); i >= 0 && e.condition == "completed" {
				found[i].task = found[i].ready == ""
			}
		}
	}
	d.list(name, found)
	for item := range root.get("environment").items() {
		if key, value, ok := strings.Cut(item.str(), "="); ok && isVariableName(key) && !strings.Contains(value, "$") && key != "PORT" && key != "HOST" {
			d.env = append(d.env, variable{key, literal(value)})
		} else {
			d.lose(name, "environment: "+item.text)
		}
	}
	root.get("version").drop()
	root.get("processes").drop()
	d.lose(name, root.unread("")...)
}

func (d *Draft) processComposed(name string, n *node) service {
	s := service{name: name, command: literal(strings.TrimSpace(n.get("command").str()))}
	if entry := n.get("entrypoint").words(); len(entry) > 0 && s.command == "" {
		s.command = literal(shellLine(entry))
	}
	s.listed = s.command
	d.workDir(&s, n.get("working_dir"), "working_dir")
	if list := n.get("environment"); list != nil {
		for key, value := range list.asTable().pairs() {
			if strings.Contains(value.text, "${") || !isVariableName(key) {
				s.lose("environment: " + key + "=" + value.text)
				continue
			}
			s.set(key, literal(value.str()))
		}
		list.drop()
	}
	for _, file := range n.get("env_file").words() {
		if name := strings.TrimPrefix(file, "./"); exists(d.tree, name) && d.isReadable(name) {
			s.envFiles = append(s.envFiles, strings.TrimPrefix(file, "./"))
		} else {
			s.lose("env_file: " + file)
		}
	}
	for to, value := range n.get("depends_on").pairs() {
		s.after = append(s.after, edge{name: to, condition: conditions.of(value.get("condition").str())})
	}
	s.availability(n.get("availability"))
	s.shutdown(n.get("shutdown"))
	s.probed(n)
	s.manual = n.get("disabled").truth()
	if s.command == "" {
		s.off, s.command = true, "…"
		s.say("No command for it is given.")
	}
	s.lose(n.unread("")...)
	return s
}

func (s *service) availability(n *node) {
	switch policy := n.get("restart").str(); policy {
	case "always":
		s.restart = "always"
	case "no", "false":
		s.restart = "no"
	case "", "on_failure":
	default:
		s.lose("availability.restart: " + policy)
	}
}

func (s *service) shutdown(n *node) {
	s.stop.signal = signalName(n.get("signal").str())
	s.stop.command = literal(n.get("command").str())
	if seconds := n.get("timeout_seconds").number(); seconds > 0 {
		s.stop.timeout = strconv.Itoa(seconds) + "s"
	}
}

// probed reads the readiness probe. Its port is the one that the process has: where
// the command does not name it, it is a fixed one.
func (s *service) probed(n *node) {
	if line := n.get("ready_log_line").str(); line != "" {
		s.ready = "{ log = " + quote(literal(quoteMeta(line))) + " }"
	}
	probe := n.get("readiness_probe")
	if get := probe.get("http_get"); get != nil {
		u := &url.URL{Scheme: get.get("scheme").str(), Host: get.get("host").str(), Path: get.get("path").str()}
		number := get.get("port").number()
		if u.Path == "" {
			u.Path = "/"
		}
		if !isOwnHost(u.Host) && u.Host != "" || u.Scheme == "https" {
			get.leave("host")
			return
		}
		s.ready = "{ http = " + quote(literal(u.RequestURI())) + " }"
		if number > 0 && number < 65536 {
			s.known = append(s.known, number)
			words, ok := shellWords(s.command)
			if _, _, tooled := toolFor(values(words)); !tooled && (!ok || joined(s.ownNumbers(words)) == s.command) {
				s.fixed, s.placed = number, true
				s.say("It listens on this port by itself; once it reads $PORT, take port out.")
			}
		}
		return
	}
	if command := probe.get("exec").get("command").str(); command != "" {
		s.ready = "{ exec = " + quote(literal(command)) + " }"
		s.quiet = true
	}
}
