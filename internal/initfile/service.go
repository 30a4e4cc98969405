package initfile

import (
	"slices"
	"strconv"
	"strings"
)

// service is one table of the draft: what every source is turned into.
type service struct {
	name string
	// source is the name before it was made valid and unique.
	source string
	// from is the file that names it.
	from string
	// comment stands above the table, a line each.
	comment []string
	// lost is what of the source is no key, as "key: value"; it becomes a comment.
	lost []string
	// command and the values of env and url may hold templates.
	command string
	dir     string
	// task runs to its end.
	task bool
	// quiet is a service that listens on nothing.
	quiet bool
	// fixed is the port of a program that takes no other.
	fixed int
	// known are the numbers by which the source calls the main port.
	known    []int
	ports    []port
	url      string
	env      []variable
	envFiles []string
	after    []edge
	// ready is a TOML value.
	ready string
	stop  stop
	// restart "" is the default policy.
	restart  string
	profiles []string
	// manual is started by name only.
	manual bool
	// image is a program that stands in for one, and no part of the project.
	image bool
	// seeds is who fills the service when it is new.
	seeds string
	// aliases are its other names in a container network.
	aliases []string
	// fills is the task that fills it.
	fills *service
	// rewrites is a text whose addresses of services the command replaces.
	rewrites string
	// listed is the command as a list of processes has it.
	listed string
	// silent is a container whose source names no port of it.
	silent bool
	// placed reports whether the command knows where to listen.
	placed bool
	// lenderOnly is a container that is only kept alive, for what it knows.
	lenderOnly bool
	// off writes the table as a comment.
	off bool
}

// port is a further port. known is its number in the source.
type port struct {
	name  string
	known []int
}

type variable struct{ key, value string }

// glossary has words of others in words of ours. It is a list, for a map would be
// made at each start of lhrun.
type glossary []variable

// of is "" for a word that is not there.
func (g glossary) of(word string) string {
	for _, v := range g {
		if v.key == word {
			return v.value
		}
	}
	return ""
}

// edge is a dependency; condition "" is the default one. restart restarts the
// dependent whenever what it depends on restarts.
type edge struct {
	name, condition string
	restart         bool
}

// stop is how a service is asked to end; zero values are the defaults.
type stop struct{ signal, timeout, command string }

func (s stop) toml() string {
	var kv []variable
	for _, v := range []variable{{"signal", s.signal}, {"timeout", s.timeout}, {"command", s.command}} {
		if v.value != "" {
			kv = append(kv, variable{v.key, v.value})
		}
	}
	if len(kv) == 0 {
		return ""
	}
	return inlineTable(kv, func(v variable) (string, string) { return v.key, quote(v.value) })
}

func (s *service) say(lines ...string) { s.comment = append(s.comment, lines...) }

func (s *service) lose(entries ...string) { s.lost = append(s.lost, entries...) }

// value is the variable key of s.
func (s *service) value(key string) (string, bool) {
	for _, v := range s.env {
		if v.key == key {
			return v.value, true
		}
	}
	return "", false
}

// set gives s a variable, unless it has it.
func (s *service) set(key, value string) {
	if _, has := s.value(key); !has {
		s.env = append(s.env, variable{key, value})
	}
}

// unset takes a variable away.
func (s *service) unset(key string) {
	s.env = slices.DeleteFunc(s.env, func(v variable) bool { return v.key == key })
}

// listens tells a service that others can reach.
func (s *service) listens() bool { return !s.off && !s.quiet && !s.task }

// further gives s a port besides its own, by number where it has no name.
func (s *service) further(name string, numbers ...int) {
	if name == "" {
		name = strconv.Itoa(numbers[0])
	}
	for i := range s.ports {
		if s.ports[i].name == name {
			s.ports[i].known = append(s.ports[i].known, numbers...)
			return
		}
	}
	s.ports = append(s.ports, port{name, numbers})
}

// template is how others write the port of s that the source calls number; one
// that it does not name is the main one.
func (s *service) template(number int) string {
	if name, ok := s.portName(number); ok && name != "" {
		return "{{" + s.name + ".ports." + name + "}}"
	}
	return "{{" + s.name + ".port}}"
}

// portName is "" for the main port; it is false for a number that s does not know.
func (s *service) portName(number int) (string, bool) {
	if slices.Contains(s.known, number) {
		return "", true
	}
	for _, p := range s.ports {
		if slices.Contains(p.known, number) {
			return p.name, true
		}
	}
	return "", false
}

// shellPort is how a command of s writes the port that the source calls number.
func (s *service) shellPort(number int) (string, bool) {
	name, ok := s.portName(number)
	if name != "" {
		return "$PORT_" + variableName(name), ok
	}
	return "$PORT", ok
}

// variableName is the part of a variable that stands for a service or a port.
func variableName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }
