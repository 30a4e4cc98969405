package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/words"
)

// defaults checks the table of defaults for its own sake, since every service
// may set a key itself, and returns it. It is read as a service without a name.
func (c *checker) defaults(n *node) *node {
	f := c.table(n, "")
	c.serviceKeys(f, &Service{})
	c.serviceKeyNames = f.known
	f.end("defaults")
	if !f.isTable {
		return nil
	}
	return n
}

func (c *checker) services(n *node, defaults *node) []Service {
	f := c.table(n, `a service begins with [services.NAME]`)
	var services []Service
	for _, name := range f.n.names {
		services = append(services, c.service(name, f.n.parts[name], defaults))
	}
	return services
}

func (c *checker) service(name string, n, defaults *node) Service {
	s := Service{Name: name, Pos: n.keyPos()}
	c.checkName(s.Pos, name, "service")
	f := c.table(n, fmt.Sprintf("services.%s = { command = … }", name))
	if !f.isTable {
		return s
	}
	where := fmt.Sprintf("service %q", name)
	own := f.n
	f.n = fill(own, defaults)
	c.serviceKeys(f, &s)
	f.n = own
	f.end(where)
	c.checkExternal(f, own, &s)
	c.checkTLS(own, &s)
	c.checkInspected(own, &s)
	if !s.External && len(s.Command.Args) == 0 && own.parts["command"] == nil && !slices.Contains(f.meant, "command") {
		c.bad(s.Pos, "", "%s has no command", where)
	}
	return s
}

// checkTLS refuses tls where nothing listens. What is only a default for all services is
// not refused.
func (c *checker) checkTLS(own *node, s *Service) {
	if !s.TLS || !s.Port.None || len(s.Ports) > 0 {
		return
	}
	s.TLS = false
	if n := own.parts["tls"]; n != nil {
		c.bad(n.keyPos(), `give it a port = "auto", or leave tls out`, "service %q has tls and no port on which it could end it", s.Name)
	}
}

// checkName reports whether name can be that of a service, or of a process. Some
// file systems, on which the logs lie, know no capitals.
func (c *checker) checkName(at Pos, name, kind string) bool {
	switch {
	case !words.IsName(name):
		c.bad(at, nameHint(name), "%q cannot be the name of a %s: it takes letters, digits, - and _, and no - or _ first", name, kind)
	case strings.EqualFold(name, logs.Self):
		c.bad(at, fmt.Sprintf("another name will do, such as %q", name+"-dev"), "%q cannot be the name of a %s: it is before lhrun's own lines in the logs", name, kind)
	default:
		return true
	}
	return false
}

func nameHint(name string) string {
	clean := strings.Trim(strings.Map(func(r rune) rune {
		if isASCIIName(r) {
			return r
		}
		return '-'
	}, name), "-_")
	if clean == "" {
		return ""
	}
	return didYouMean(strconv.Quote(clean))
}

func isASCIIName(r rune) bool { return r < 0x80 && isBare(byte(r)) }

// fill returns a table with the parts of own and those of defaults that it lacks.
// What says how a service is ready or healthy is nothing for a task.
func fill(own, defaults *node) *node {
	if defaults == nil {
		return own
	}
	filled := *own
	filled.names, filled.parts = nil, map[string]*node{}
	for _, name := range own.names {
		filled.set(name, own.parts[name])
	}
	for _, name := range defaults.names {
		if own.parts[name] == nil {
			filled.set(name, defaults.parts[name])
		}
	}
	if kind := filled.parts["type"]; kind != nil && kind.scalar == "task" {
		for _, name := range []string{"ready", "health"} {
			if own.parts[name] == nil {
				delete(filled.parts, name)
			}
		}
	}
	return &filled
}

// serviceKeys reads every key of a service.
func (c *checker) serviceKeys(f *fields, s *Service) {
	s.Task = c.oneOf(f.get("type"), "service", "task") == "task"
	s.Description = c.oneLine(f.get("description"))
	s.Command = c.command(f.get("command"))
	s.WorkingDir = c.workingDir(f.get("working_dir"))
	s.Env = c.env(f.get("env"))
	s.EnvFiles = c.envFiles(f.get("env_file"))
	s.Port = c.mainPort(f.get("port"), s)
	s.Ports = c.namedPorts(f.get("ports"))
	s.URL = c.text(f.get("url"))
	s.Hosts = c.hosts(f.get("host"))
	s.DependsOn = c.dependsOn(f.get("depends_on"))
	c.external(f.get("external"), s)
	s.Ready = c.ready(f.get("ready"), s)
	s.Health = c.health(f.get("health"), s)
	s.Restart = c.restart(f.get("restart"), s)
	s.Stop = c.stop(f.get("stop"))
	s.Keep = c.keep(f.get("keep"))
	s.TTY = c.boolean(f.get("tty"), false)
	s.NullStdin = c.oneOf(f.get("stdin"), "open", "null") == "null"
	s.Profiles = raws(c.list(f.get("profiles")))
	s.Autostart = c.boolean(f.get("autostart"), true)
	s.Watch = c.watch(f.get("watch"))
	s.ListenFD = c.listen(f.get("listen"), s)
	s.TLS = c.boolean(f.get("tls"), false)
	c.inspected(f.get("inspect"), s)
	if s.URL.Raw == "" && !s.Port.None {
		s.URL, s.URLDefault = Text{Raw: "http://{{host}}:{{port}}", Pos: s.Pos}, true
	}
}

func (c *checker) oneLine(n *node) string {
	s := c.str(n)
	if strings.ContainsAny(s, "\r\n") {
		c.bad(n.pos(), "", "the description has more than one line")
	}
	return s
}

// command reads a string for the shell or an argv, whose arguments may be empty.
func (c *checker) command(n *node) Command {
	switch {
	case n == nil:
		return Command{}
	case isString(n):
		if t := c.text(n); t.Raw != "" {
			return Command{Shell: true, Args: []Text{t}}
		}
		return Command{}
	case !n.isArray:
		c.wrong(n, "a string or an array of strings", "")
		return Command{}
	case len(n.elements) == 0:
		c.bad(n.pos(), "", "the command is empty")
		return Command{}
	}
	args := []Text{c.text(n.elements[0])}
	for _, element := range n.elements[1:] {
		args = append(args, c.argument(element))
	}
	return Command{Args: args}
}

func (c *checker) argument(n *node) Text {
	if n.scalar == "" {
		return Text{Pos: n.pos()}
	}
	if s, ok := n.scalar.(string); ok && strings.TrimSpace(s) == "" {
		return Text{Raw: s, Pos: n.pos()}
	}
	return c.text(n)
}

// workingDir reads a directory, which has to be there unless a template will
// say which it is.
func (c *checker) workingDir(n *node) Text {
	t := c.text(n)
	if t.Raw == "" || strings.Contains(t.Raw, "{{") {
		return t
	}
	if path := c.abs(t.Raw); !isDir(path) {
		hint := c.nearFile(path)
		if strings.HasPrefix(t.Raw, "~") {
			hint = "~ is for shells; write {{env.HOME}}"
		}
		c.bad(t.Pos, hint, "the working_dir %q does not exist", t.Raw)
	}
	return t
}

// nearFile suggests what else lies where path should.
func (c *checker) nearFile(path string) string {
	if isFile(path) {
		return fmt.Sprintf("%q is a file", c.rel(path))
	}
	if isDir(path) {
		return fmt.Sprintf("%q is a directory", c.rel(path))
	}
	parent := filepath.Dir(path)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return ""
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	near := words.Suggest(filepath.Base(path), names)
	if near == "" {
		return ""
	}
	return didYouMean(strconv.Quote(c.rel(filepath.Join(parent, near))))
}
