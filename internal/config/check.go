package config

import (
	"cmp"
	"fmt"
	"strings"
)

// check looks at what no single value shows: how the services fit together.
func (c *checker) check(p *Project) {
	c.checkDependencies(p)
	c.checkFixedPorts(p)
	c.checkVariables(p)
	c.checkTemplates(p)
	c.checkURLCycles(p)
	c.checkHosts(p)
}

// eachPort calls see with every port of every service, the main one first.
func eachPort(p *Project, see func(s *Service, port Port)) {
	for i := range p.Services {
		s := &p.Services[i]
		if !s.Port.None {
			see(s, s.Port)
		}
		for _, port := range s.Ports {
			see(s, port)
		}
	}
}

// checkFixedPorts finds two ports that are, or would be, one number.
func (c *checker) checkFixedPorts(p *Project) {
	type owner struct {
		service string
		port    Port
	}
	owners := map[int]owner{}
	eachPort(p, func(s *Service, port Port) {
		number := cmp.Or(port.Number, port.Prefer)
		if number == 0 {
			return
		}
		first, taken := owners[number]
		are, is := "are fixed on", "is fixed on"
		if port.Prefer != 0 || first.port.Prefer != 0 {
			are, is = "want", "wants"
		}
		switch {
		case !taken:
			owners[number] = owner{s.Name, port}
		case first.service == s.Name:
			c.bad(port.Pos, "", "service %q %s port %d twice", s.Name, is, number)
		default:
			c.bad(port.Pos, fmt.Sprintf(`%q has it at %s; "auto" gives each its own`, first.service, first.port.Pos),
				"services %q and %q %s one port, %d", first.service, s.Name, are, number)
		}
	})
	if first, taken := owners[p.Front.Number]; taken && p.Front.Number != 0 {
		c.bad(p.Front.Pos, "service \""+first.service+"\" has it at "+first.port.Pos.String(), "port %d of the front is a service's too", p.Front.Number)
	}
}

// checkVariables finds names that are different here and one variable in the
// environment, such as those of services a-b and a_b.
func (c *checker) checkVariables(p *Project) {
	type owner struct {
		name string
		pos  Pos
	}
	owners := map[string]owner{}
	claim := func(variable, name string, pos Pos) bool {
		first, taken := owners[variable]
		if !taken {
			owners[variable] = owner{name, pos}
			return true
		}
		c.bad(pos, alreadyHint(first.pos), "%s and %s would share the variable %s", first.name, name, variable)
		return false
	}
	for _, s := range p.Services {
		prefix, name := variable(s.Name), fmt.Sprintf("service %q", s.Name)
		if claim(prefix+"_PORT", name, s.Pos) && claim(prefix+"_HOST", name, s.Pos) {
			claim(prefix+"_URL", name, s.Pos)
			claim(prefix+"_ORIGIN", name, s.Pos)
		}
		for _, port := range s.Ports {
			claim(prefix+"_PORT_"+variable(port.Name), fmt.Sprintf("port %q of %s", port.Name, name), port.Pos)
		}
	}
}

// variable is the part of a variable's name that stands for a service or port.
func variable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// checkTemplates looks at every text of p. Those of env belong to each service.
func (c *checker) checkTemplates(p *Project) {
	eachText(p, func(self *Service, t Text) {
		if strings.Contains(t.Raw, "{{") && !c.full() {
			c.add(checkTemplate(t, p, self)...)
		}
	})
}

// eachText calls see with every text of p that may hold templates, and the service that it
// belongs to: nil for none.
func eachText(p *Project, see func(self *Service, t Text)) {
	all := func(self *Service, texts ...Text) {
		for _, t := range texts {
			see(self, t)
		}
	}
	for _, file := range p.Dotenv {
		all(nil, values(file.Vars)...)
	}
	for i := range p.Services {
		s := &p.Services[i]
		all(s, values(p.Env)...)
		all(s, s.texts()...)
	}
}

// texts are all of s that may hold templates.
func (s *Service) texts() []Text {
	texts := append(values(s.Env), s.WorkingDir, s.URL, s.ExternalURL, s.Ready.Target, s.Health.Target)
	for _, command := range []Command{s.Command, s.Ready.Exec, s.Health.Exec, s.Stop.Command} {
		texts = append(texts, command.Args...)
	}
	return texts
}

func values(vars []Var) []Text {
	texts := make([]Text, len(vars))
	for i, v := range vars {
		texts[i] = v.Value
	}
	return texts
}
