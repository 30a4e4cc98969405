package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// dependsOn reads an array of names, or a table of names and conditions. What a
// condition is when it is not given depends on the other service, so check adds it.
func (c *checker) dependsOn(n *node) []Dependency {
	var deps []Dependency
	switch {
	case n == nil:
	case n.isArray:
		for _, t := range c.array(n, "") {
			deps = append(deps, Dependency{Name: t.Raw, Pos: t.Pos})
		}
	case n.isTable:
		for _, name := range n.names {
			deps = append(deps, c.edge(name, n.parts[name]))
		}
	case isString(n):
		c.wrong(n, "an array of names or a table", fmt.Sprintf("depends_on = [%s]", n.written()))
	default:
		c.wrong(n, "an array of names or a table", "")
	}
	return deps
}

// edge reads the condition of one dependency, or a table of it and restart.
func (c *checker) edge(name string, n *node) Dependency {
	d := Dependency{Name: name, Pos: n.keyPos()}
	condition := n
	if n.isTable {
		f := c.table(n, "")
		condition = f.get("condition")
		d.Restart = c.boolean(f.get("restart"), false)
		f.end(fmt.Sprintf("the dependency on %q", name))
	}
	if condition == nil {
		return d
	}
	d.Condition = supervisor.Condition(c.oneOf(condition,
		string(supervisor.Started), string(supervisor.IsReady), string(supervisor.Completed)))
	c.conditions[d.Pos] = condition.pos()
	return d
}

// checkDependencies looks at every edge and gives it its condition.
func (c *checker) checkDependencies(p *Project) {
	for i := range p.Services {
		s := &p.Services[i]
		seen := map[string]bool{}
		for j := range s.DependsOn {
			d := &s.DependsOn[j]
			switch other := p.service(d.Name); {
			case d.Name == s.Name:
				c.bad(d.Pos, c.selfHint(s), "service %q depends on itself", s.Name)
			case other == nil:
				c.bad(d.Pos, c.serviceHint(d.Name, p), "service %q waits for unknown service %q", s.Name, d.Name)
			case seen[d.Name]:
				c.bad(d.Pos, "", "service %q depends on %q twice", s.Name, d.Name)
			default:
				c.checkCondition(d, other)
			}
			seen[d.Name] = true
		}
	}
	c.checkCycles(p)
}

// selfHint explains a dependency that came from defaults.
func (c *checker) selfHint(s *Service) string {
	if s.DependsOn[0].Pos.File == s.Pos.File && s.DependsOn[0].Pos.Line >= s.Pos.Line {
		return ""
	}
	return fmt.Sprintf("it is among the defaults; give %q a depends_on of its own", s.Name)
}

// serviceHint suggests a service for name and says where it is.
func (c *checker) serviceHint(name string, p *Project) string {
	meant := words.Suggest(name, p.names())
	if meant == "" {
		return ""
	}
	at := p.service(meant).Pos
	if at.File != c.sources[0].name {
		return fmt.Sprintf("did you mean %q (%s, line %d)?", meant, at.File, at.Line)
	}
	return fmt.Sprintf("did you mean %q (line %d)?", meant, at.Line)
}

func (c *checker) checkCondition(d *Dependency, other *Service) {
	at, stated := c.conditions[d.Pos]
	if !stated {
		at = d.Pos
	}
	switch {
	case d.Condition == "" && other.Task:
		d.Condition = supervisor.Completed
	case d.Condition == "":
		d.Condition = supervisor.IsReady
	case d.Condition == supervisor.IsReady && other.Task:
		c.bad(at, `did you mean "completed"?`, "%q is a task, which is never ready", d.Name)
	case d.Condition == supervisor.Completed && !other.Task:
		c.bad(at, fmt.Sprintf(`did you mean "ready", or is type = "task" missing from %q?`, d.Name),
			"%q is a service, which never completes", d.Name)
	}
}

// checkCycles names every cycle that shares no closing edge with another.
func (c *checker) checkCycles(p *Project) {
	needs := func(name string) []string {
		return slices.DeleteFunc(p.Needs(name), func(other string) bool { return other == name })
	}
	for path := range graph.Cycles(p.names(), needs) {
		if c.full() {
			return
		}
		edges := p.service(path[len(path)-2]).DependsOn
		closing := slices.IndexFunc(edges, func(d Dependency) bool { return d.Name == path[0] })
		c.bad(edges[closing].Pos, "", "dependency cycle: %s", strings.Join(path, " -> "))
	}
}
