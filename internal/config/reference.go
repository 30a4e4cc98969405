package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/internal/words"
)

// reference is what stands between {{ and }}.
type reference struct {
	text string
	// in is the text that it stands in, from byte from to byte to.
	in       Text
	from, to int
	// service is "" for the service that the text belongs to.
	service string
	// what is one of the words below; name belongs to wordPorts, wordEnv and wordTLS.
	what, name string
}

// pos costs as much as the text is long.
func (ref *reference) pos() Pos { return ref.in.within(ref.from, ref.to) }

// The words of references.
const (
	wordPort     = "port"
	wordHost     = "host"
	wordURL      = "url"
	wordOrigin   = "origin"
	wordPorts    = "ports"
	wordEnv      = "env"
	wordProject  = "project"
	wordInstance = "instance"
	wordDir      = "dir"
	wordTLS      = "tls"
)

var (
	ownWords     = []string{wordPort, wordHost, wordURL, wordOrigin}
	projectWords = []string{wordProject, wordInstance, wordDir}
	// tlsWords stand behind wordTLS.
	tlsWords = []string{"cert", "key", "ca"}
)

// ofService says that r needs a service to mean something.
func (r *reference) ofService() bool {
	switch r.what {
	case wordPort, wordHost, wordURL, wordOrigin, wordPorts, wordTLS:
		return true
	}
	return false
}

// namesOwn reports whether t means something else to each service.
func namesOwn(t Text) bool {
	pieces, _ := parseTemplate(t)
	return slices.ContainsFunc(pieces, func(p piece) bool {
		return p.ref != nil && p.ref.service == "" && p.ref.ofService()
	})
}

// checkTemplate returns what is wrong with t in p, whose services are known but
// need not be right. self is the service that t belongs to, nil at the top level.
// Unset variables are found by Resolve, which knows the environment.
func checkTemplate(t Text, p *Project, self *Service) []Mistake {
	if self != nil && self.URLDefault && t == self.URL {
		return nil
	}
	pieces, mistakes := parseTemplate(t)
	for _, piece := range pieces {
		if piece.ref == nil {
			continue
		}
		if len(mistakes) >= maxTold {
			break
		}
		if m := checkReference(piece.ref, p, self); m != nil {
			mistakes = append(mistakes, *m)
		}
	}
	return mistakes
}

// checkReference says why ref means nothing, if so.
func checkReference(ref *reference, p *Project, self *Service) *Mistake {
	if !ref.ofService() {
		return nil
	}
	mistake := func(hint, format string, args ...any) *Mistake {
		return &Mistake{Pos: ref.pos(), Msg: fmt.Sprintf(format, args...), Hint: hint}
	}
	service := p.named(ref, self)
	switch {
	case service == nil && ref.service == "":
		return mistake(nameOne(ref, p), "{{%s}} is a service's own, and here is no service", ref.text)
	case service == nil:
		return mistake(nearService(ref, p), "{{%s}} names unknown service %q", ref.text, ref.service)
	case ref.what == wordPort && service.Port.None:
		return mistake(noPortHint(service), "{{%s}}: service %q has no port", ref.text, service.Name)
	case ref.what == wordURL && !service.hasURL():
		return mistake(`give it a port or a "url"`, "{{%s}}: service %q has no url", ref.text, service.Name)
	case ref.what == wordOrigin && p.Front.Off:
		return mistake("take out front = false", "{{%s}}: there are no origins without the front", ref.text)
	case ref.what == wordOrigin && (!service.hasName() || service.hidden()):
		return mistake("it takes a port, an http or https url, and not host = false", "{{%s}}: service %q has no origin", ref.text, service.Name)
	case ref.what == wordTLS && !service.TLS:
		return mistake("give it tls = true", "{{%s}}: service %q has no tls", ref.text, service.Name)
	case ref.what == wordPorts && !service.hasPort(ref.name):
		return mistake(nearPort(ref, service), "{{%s}}: service %q has no port named %q", ref.text, service.Name, ref.name)
	}
	return nil
}

// named is the service that ref is about, nil when there is none.
func (p *Project) named(ref *reference, self *Service) *Service {
	if ref.service == "" {
		return self
	}
	return p.service(ref.service)
}

// place returns where in Services the one of that name is, -1 where there is none.
func (p *Project) place(name string) int {
	if p.at == nil {
		p.at = make(map[string]int, len(p.Services))
	}
	for i := len(p.at); i < len(p.Services); i++ {
		p.at[p.Services[i].Name] = i
	}
	if i, known := p.at[name]; known {
		return i
	}
	return -1
}

// service returns the service of that name, or nil.
func (p *Project) service(name string) *Service {
	if i := p.place(name); i >= 0 {
		return &p.Services[i]
	}
	return nil
}

func (p *Project) names() []string {
	names := make([]string, len(p.Services))
	for i, s := range p.Services {
		names[i] = s.Name
	}
	return names
}

// hasPort reports whether s has a further port called name.
func (s *Service) hasPort(name string) bool {
	return slices.ContainsFunc(s.Ports, func(port Port) bool { return port.Name == name })
}

// hasURL reports whether others can reach s: the default needs a port.
func (s *Service) hasURL() bool { return s.URL.Raw != "" && !(s.URLDefault && s.Port.None) }

func nameOne(ref *reference, p *Project) string {
	if len(p.Services) == 0 {
		return ""
	}
	return fmt.Sprintf("name one: {{%s.%s}}", p.Services[0].Name, ref.text)
}

func nearService(ref *reference, p *Project) string {
	if near := words.Suggest(ref.service, p.names()); near != "" {
		return didYouMean("{{" + near + strings.TrimPrefix(ref.text, ref.service) + "}}")
	}
	return "services are " + words.Few(p.names())
}

func noPortHint(s *Service) string {
	if s.Task {
		return `a task has a port only with port = "auto" or a number`
	}
	return "it has port = false"
}

func nearPort(ref *reference, s *Service) string {
	var names []string
	for _, port := range s.Ports {
		names = append(names, port.Name)
	}
	if near := words.Suggest(ref.name, names); near != "" {
		return didYouMean("{{" + strings.TrimSuffix(ref.text, ref.name) + near + "}}")
	}
	if len(names) == 0 {
		return fmt.Sprintf(`give it one: ports = { %s = "auto" }`, ref.name)
	}
	return "its ports are " + words.Few(names)
}

// checkURLCycles tells of urls that need each other: of each circle, at that
// service of it which is first in the file.
func (c *checker) checkURLCycles(p *Project) {
	for cycle := range graph.Cycles(p.names(), p.urlNeeds) {
		if c.full() {
			return
		}
		first := p.service(cycle[0])
		for _, name := range cycle[1:] {
			if p.place(name) < p.place(first.Name) {
				first = p.service(name)
			}
		}
		c.bad(first.URL.Pos, "write one of them without the other's url",
			"urls need each other in a circle: %s", strings.Join(cycle, " → "))
	}
}

// urlNeeds names the services whose url is part of the url of the named one.
func (p *Project) urlNeeds(name string) []string {
	self := p.service(name)
	if self == nil || self.URLDefault {
		return nil
	}
	var needs []string
	pieces, _ := parseTemplate(self.URL)
	for _, piece := range pieces {
		if piece.ref == nil || piece.ref.what != wordURL {
			continue
		}
		if other := p.named(piece.ref, self); other != nil {
			needs = append(needs, other.Name)
		}
	}
	return needs
}

// needsEnv reports whether the url of the named service holds an {{env.NAME}},
// itself or through another's url.
func (p *Project) needsEnv(name string) bool {
	pieces, _ := parseTemplate(p.service(name).URL)
	return slices.ContainsFunc(pieces, func(piece piece) bool { return piece.ref != nil && piece.ref.what == wordEnv }) ||
		slices.ContainsFunc(p.urlNeeds(name), p.needsEnv)
}
