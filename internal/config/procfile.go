package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lhrun/lhrun/supervisor"
)

// parseProcfile reads the text of the Procfile at path. Its processes are ready
// as soon as they run, are not restarted, and their commands go to the shell as
// they are, without templates. No port file is written for them. environ is as in
// Options.
func parseProcfile(path string, data []byte, environ []string) (*Project, Mistakes) {
	src := newSource(shown(path), data)
	if m, bad := notText(src); bad {
		return nil, Mistakes{m}
	}
	dir := filepath.Dir(path)
	p := &Project{
		Name:       DefaultName(dir),
		unnamed:    true,
		Dir:        dir,
		File:       path,
		Procfile:   true,
		Shell:      []string{"sh", "-c"},
		EnvFiles:   []EnvFile{{Path: filepath.Join(dir, ".env"), Optional: true}},
		MaxLogSize: defaultLogSize,
	}
	c := &checker{sources: []*source{src}}
	for number, start := range src.lines {
		if s, ok := c.process(src, number+1, start); ok && c.isNew(p, s) {
			p.Services = append(p.Services, s)
		}
	}
	p.fixPorts()
	if len(p.Services) == 0 && len(c.mistakes) == 0 {
		c.bad(Pos{File: src.name}, `a line such as "web: ./serve --port $PORT" names one`, "there are no processes")
	}
	c.foresee(p, environ)
	if mistakes := c.finish(); len(mistakes) > 0 {
		return nil, mistakes
	}
	if s := p.service(releaseName); s != nil {
		p.Notices = append(p.Notices, `release is started only by name: "lhrun start release", or "lhrun up release"`)
	}
	return p, nil
}

// process reads a line, which begins at byte start. It is false for an empty
// one, a comment, and one that is wrong.
func (c *checker) process(src *source, number, start int) (Service, bool) {
	line := src.line(number)
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return Service{}, false
	}
	at := func(part string, from int) Pos {
		from += strings.Index(line[from:], part)
		return src.pos(span{start + from, start + from + len(part)})
	}
	left, right, found := strings.Cut(line, ":")
	name, command := strings.TrimSpace(left), strings.TrimSpace(right)
	switch {
	case !found:
		c.bad(at(text, 0), "a line is NAME: COMMAND, or a comment after #", "this line names no process")
	case name == "":
		c.bad(at(":", 0), "", "there is no name before the colon")
	case !c.checkName(at(name, 0), name, "process"):
	case command == "":
		c.bad(at(name, 0), "", "process %q has no command", name)
	case strings.ContainsRune(command, 0):
		c.bad(at(command, len(left)+1), "", "the command of process %q holds a NUL character", name)
	default:
		return newProcess(name, command, at(name, 0), at(command, len(left)+1)), true
	}
	return Service{}, false
}

// releaseName is the process that a deployment runs once, before all others.
const releaseName = "release"

// newProcess is a process with the rules of foreman. One that seems to listen nowhere
// has a port, as all have there, and no url. A release runs to its end, and only when
// it is named.
func newProcess(name, command string, at, commandAt Pos) Service {
	s := Service{
		Name:      name,
		Pos:       at,
		Command:   Command{Shell: true, Args: []Text{{Raw: literal(command), Pos: commandAt}}},
		Port:      Port{Pos: at},
		Ready:     Probe{Kind: supervisor.ProbeNone},
		Restart:   supervisor.Restart{Policy: supervisor.RestartNo},
		Autostart: true,
	}
	switch {
	case name == releaseName:
		s.Task, s.Autostart, s.Port.None = true, false, true
		s.Ready.Kind = supervisor.ProbeDefault
	case Listens(name, command):
		s.URL, s.URLDefault = Text{Raw: "http://{{host}}:{{port}}", Pos: at}, true
	}
	return s
}

// fixPorts gives processes whose commands name a port that one, so that others are
// told where they listen. Of two that name the same, the first has it.
func (p *Project) fixPorts() {
	taken := map[int]bool{}
	for i := range p.Services {
		s := &p.Services[i]
		number := FixedPort(s.Command.Args[0].Raw)
		if number != 0 && !s.Port.None && !taken[number] {
			s.Port.Number, taken[number] = number, true
		}
	}
}

// isNew reports whether the name of s is not taken.
func (c *checker) isNew(p *Project, s Service) bool {
	first := p.service(s.Name)
	if first != nil {
		c.bad(s.Pos, fmt.Sprintf("the first is on line %d", first.Pos.Line), "process %q is there twice", s.Name)
	}
	return first == nil
}
