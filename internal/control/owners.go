package control

import (
	"maps"
	"slices"

	"github.com/lhrun/lhrun/ports"
)

// owners tells who has the ends of connections.
type owners struct {
	// services are those whose processes have an end.
	services map[ports.End]string
	// byPort are the services on their ports, trees their processes. A service of elsewhere
	// is up without one: it is external, or run by hand outside.
	byPort    map[uint16]string
	trees     map[string][]int
	elsewhere map[string]bool
	// front are the ends that the process has which serves the front.
	front map[ports.End]bool
	// edges are the services to which the relay's addresses lead, by port.
	edges map[uint16]string
	// others are who has the ends that talk to a service.
	others            map[ports.End]ports.Holder
	project, instance string
}

// ownersOf finds out who has the ends of conns, by the processes of each service, and of
// those at the other end of a service's connection, who else it is. relay is the pid of
// what serves the front; 0 is none.
func ownersOf(conns []ports.Connection, snap Snapshot, trees map[string][]int, relay int) (o owners, err error) {
	o = owners{
		services: map[ports.End]string{}, byPort: map[uint16]string{}, trees: trees, elsewhere: map[string]bool{},
		project: snap.Project, instance: snap.Instance,
	}
	for _, s := range snap.Services {
		o.elsewhere[s.Name] = isElsewhere(s)
		for _, port := range append(slices.Collect(maps.Values(s.Ports)), s.Port) {
			o.byPort[uint16(port)] = s.Name
		}
	}
	delete(o.byPort, 0)
	o.edges = map[uint16]string{}
	for _, e := range snap.Inspected {
		o.edges[uint16(e.Port)] = e.To
	}
	ends := make([]ports.End, 0, 2*len(conns))
	for _, c := range conns {
		ends = append(ends, c.Client, c.Server)
	}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		if err := o.give(name, trees[name], ends); err != nil {
			return o, err
		}
	}
	if relay != 0 {
		if o.front, err = ports.OpenIn([]int{relay}, ends); err != nil {
			return o, err
		}
	}
	for _, s := range snap.Services { // Those of this run have come first.
		if !o.elsewhere[s.Name] || len(conns) == 0 {
			continue
		}
		tree, err := elsewhereTree(s)
		if err == nil {
			err = o.give(s.Name, tree, ends)
		}
		if err != nil {
			return o, err
		}
	}
	if ends = o.unknown(conns); len(ends) > 0 {
		o.others, err = ports.HoldersOf(ends)
	}
	return o, err
}

// give gives the service the ends that its processes have, and that are nobody's yet.
func (o owners) give(service string, tree []int, ends []ports.End) error {
	mine, err := ports.OpenIn(tree, ends)
	for e := range mine {
		if o.services[e] == "" && !o.front[e] {
			o.services[e] = service
		}
	}
	return err
}

// unknown are the ends of no service that talk, or may talk, to one.
func (o owners) unknown(conns []ports.Connection) (ends []ports.End) {
	for _, c := range conns {
		client, server := o.services[c.Client], o.services[c.Server]
		if client == "" && server == "" && o.byPort[c.Server.Addr.Port()] == "" && !o.isEdge(c.Server) {
			continue
		}
		if client == "" && c.Client.ID != 0 && !o.front[c.Client] {
			ends = append(ends, c.Client)
		}
		if server == "" && c.Server.ID != 0 && !o.isEdge(c.Server) {
			ends = append(ends, c.Server)
		}
	}
	return ends
}

// arrow says between whom c is; from no service to no service it is the zero arrow.
func (o owners) arrow(c ports.Connection) arrow {
	a := arrow{from: o.services[c.Client], to: o.server(c.Server)}
	switch {
	case a.from == "" && a.to == "":
	case a.from == "" && o.front[c.Client]:
		a.outside, a.front = Browser, true
	case a.from == "":
		a.outside = o.outside(c.Client)
	case a.to == "":
		a.outside = o.outside(c.Server)
	}
	return a
}

// server is the service that an end belongs to which listened. One of elsewhere, and one
// whose process hides its files, is known by its port.
func (o owners) server(e ports.End) string {
	at := o.byPort[e.Addr.Port()]
	switch {
	case o.isEdge(e):
		return o.edges[e.Addr.Port()]
	case o.services[e] != "" || e.ID == 0 || at == "":
		return o.services[e]
	case o.elsewhere[at], o.others[e].PID == 0 && ports.MayHave(o.trees[at], e):
		return at
	}
	return ""
}

// isEdge reports whether e is where the relay takes calls for an inspected service.
func (o owners) isEdge(e ports.End) bool { return o.front[e] && o.edges[e.Addr.Port()] != "" }

// outside says what is known of an end that is no service's. What was started in the
// environment of this run, as by exec, goes by its program.
func (o owners) outside(e ports.End) string {
	h := o.others[e]
	switch {
	case h.Project != "" && (h.Project != o.project || h.Instance != o.instance):
		return h.Project + "/" + h.Instance
	case h.Program != "":
		return h.Program
	case h.User != "":
		return "user " + h.User
	case e.ID != 0 || e.Addr.Addr().IsLoopback():
		return Unknown
	}
	return AnotherMachine
}
