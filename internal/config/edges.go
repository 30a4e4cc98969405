package config

import (
	"maps"

	"slices"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Edge is an address of one caller for one port of an inspected service.
type Edge struct {
	// From is AnyCaller where the callers that do not depend on To share the address.
	From, To string
	// Name is that of To's port; "" is the main one.
	Name string
	// Protocol is what To is told to speak; "" is for its first bytes to tell.
	Protocol string
}

// AnyCaller stands for the callers that do not depend on a service.
const AnyCaller = "*"

// ResolvedEdge is an Edge with its own port, and Target, which is To's.
type ResolvedEdge struct {
	Edge
	Port, Target int
}

// Arrow is "FROM -> TO", by which people know the edge.
func (e Edge) Arrow() string { return e.From + " -> " + e.To }

// Request is the edge's port among those of a checkout. No service can be called so.
func (e Edge) Request() ports.Request { return ports.Request{Service: e.Arrow(), Name: e.Name} }

// Edges are the addresses at which services find those that are inspected.
func (p *Project) Edges() (edges []Edge) {
	for i := range p.Services {
		to := &p.Services[i]
		if !to.Inspected {
			continue
		}
		var callers []string
		shared := false
		for j := range p.Services {
			switch from := &p.Services[j]; {
			case i == j:
			case slices.Contains(p.Needs(from.Name), to.Name):
				callers = append(callers, from.Name)
			default:
				shared = true
			}
		}
		if shared {
			callers = append(callers, AnyCaller)
		}
		for _, from := range callers {
			for _, name := range to.portNames() {
				edges = append(edges, Edge{From: from, To: to.Name, Name: name, Protocol: to.Protocol})
			}
		}
	}
	return edges
}

// portNames are those of the ports of s; the main one is "".
func (s *Service) portNames() (names []string) {
	if !s.Port.None {
		names = append(names, "")
	}
	for _, port := range s.Ports {
		names = append(names, port.Name)
	}
	return names
}

// resolveEdges returns the edges with their ports.
func (r *resolver) resolveEdges() (edges []ResolvedEdge) {
	for _, e := range r.project.Edges() {
		q := e.Request()
		edges = append(edges, ResolvedEdge{e, r.run.Port(q.Service, q.Name), r.run.Port(e.To, e.Name)})
	}
	return edges
}

// callers has services that call inspected ones find the edges in their place: in their
// variables and in the templates of their commands. Probes, port files and people keep the
// services' own ports.
func (r *resolver) callers(out *Resolved) {
	if len(out.Edges) == 0 {
		return
	}
	out.sources = map[string]*Resolved{}
	for i := range r.project.Services {
		s := &r.project.Services[i]
		if at := out.portsFor(s); len(at) > 0 {
			r.caller(s, at, out, &out.Services[i])
		}
	}
}

// portsFor are the ports of the edges that s finds in the place of services' own, by
// service and name.
func (r *Resolved) portsFor(s *Service) map[ports.Request]int {
	at := map[ports.Request]int{}
	for _, e := range r.Edges {
		q := ports.Request{Service: e.To, Name: e.Name}
		if e.From == s.Name || e.From == AnyCaller && e.To != s.Name && at[q] == 0 {
			at[q] = e.Port
		}
	}
	return at
}

// caller resolves s anew, with the ports of at.
func (r *resolver) caller(s *Service, at map[ports.Request]int, out *Resolved, svc *supervisor.Service) {
	c := &resolver{
		project: r.project, run: r.run, environ: r.environ, texts: r.texts,
		withheld: r.withheld, sameVariable: r.sameVariable, names: r.names, front: r.front,
		files: map[string]fileVar{}, urls: map[string]string{},
		replaced: map[string][]replacement{}, about: map[string]string{},
	}
	own := r.run.Port
	c.run.Port = func(service, name string) int {
		if port := at[ports.Request{Service: service, Name: name}]; port != 0 {
			return port
		}
		return own(service, name)
	}
	c.readFiles()
	c.vars = c.everybodysVars()
	c.readEnv()
	shared := c.shared()
	vars := c.serviceEnv(s, shared)
	out.sources[s.Name] = &Resolved{
		Edges: out.Edges, shared: shared, own: map[string]map[string]string{s.Name: vars}, Watch: out.Watch,
		vars: c.vars, about: c.about, told: c.told(),
	}
	all := maps.Clone(shared)
	maps.Copy(all, vars)
	maps.DeleteFunc(all, func(key, value string) bool { same, has := out.shared[key]; return has && same == value })
	out.own[s.Name] = all
	svc.Env, svc.Command = pairs(all), c.argv(s.Command, s)
	if len(s.Stop.Command.Args) > 0 {
		svc.Stop.Command = c.argv(s.Stop.Command, s)
	}
}

// apartInspected takes from keys, variables of a service that differ, those that do because
// a service that they are about is inspected now, or not any more. causes say so.
func apartInspected(keys []string, older, newer *Resolved, caller string) (rest, causes []string) {
	calls := func(r *Resolved, to string) bool {
		return slices.ContainsFunc(r.Edges, func(e ResolvedEdge) bool { return e.From == caller && e.To == to })
	}
	for _, key := range keys {
		to := newer.about[key]
		was, is := calls(older, to), calls(newer, to)
		cause := to + " is inspected"
		if was {
			cause = to + " is not inspected any more"
		}
		switch {
		case was == is:
			rest = append(rest, key)
		case !slices.Contains(causes, cause):
			causes = append(causes, cause)
		}
	}
	return rest, causes
}
