package run

import (
	"os"
	"slices"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/handoff"
	"github.com/lhrun/lhrun/ports"
)

// edges hold the addresses at which services find those that are inspected. Each refuses
// connections when its service does.
type edges struct {
	relay *relay
	warn  func(format string, args ...any)

	mu  sync.Mutex
	now []edgeSocket
	// listening are the ports on which services' processes listen, by service. always are
	// the services of which nobody knows.
	listening map[string][]int
	always    map[string]bool
	project   *config.Project
	// traffic are the relay's numbers of the sockets by which verbs ask what was seen.
	traffic []int
	past    pastEdges
}

// edgeSocket is an edge whose port is open, unless id is 0.
type edgeSocket struct {
	config.ResolvedEdge
	id   int
	file *os.File
	open bool
	// leaving says that only callers that are about to end know it.
	leaving bool
}

func newEdges(c ports.Checkout, r *relay, warn func(format string, args ...any)) *edges {
	return &edges{
		relay: r, warn: warn, listening: map[string][]int{},
		past: pastEdges{checkout: c, told: map[string]bool{}},
	}
}

// lookPast tells once of each caller that goes past its edge.
func (e *edges) lookPast() {
	e.mu.Lock()
	project, now := e.project, slices.Clone(e.now)
	e.mu.Unlock()
	for _, line := range e.past.look(project, now) { // No other one uses past.
		e.warn("%s", line)
	}
}

// set makes next the edges. Those that stay keep their sockets; those that do not are
// there until prune.
func (e *edges) set(p *config.Project, next []config.ResolvedEdge) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := slices.Clone(e.now)
	e.project, e.now, e.always = p, nil, map[string]bool{}
	for i := range p.Services {
		s := &p.Services[i]
		e.always[s.Name] = s.ListenFD
	}
	for _, want := range next {
		socket := edgeSocket{ResolvedEdge: want}
		at := slices.IndexFunc(before, func(old edgeSocket) bool { return old.id != 0 && old.Port == want.Port })
		if at >= 0 {
			socket.id, socket.file, socket.open = before[at].id, before[at].file, before[at].open
			before = slices.Delete(before, at, at+1)
		} else {
			e.open(&socket)
		}
		e.now = append(e.now, socket)
	}
	for _, old := range before {
		old.leaving = true
		e.now = append(e.now, old)
	}
	e.follow()
	e.serveTraffic()
	e.tell()
}

// serveTraffic opens the sockets of the inspector while something is inspected.
func (e *edges) serveTraffic() {
	inspects := len(e.project.InspectedServices()) > 0
	if inspects == (len(e.traffic) > 0) {
		return
	}
	paths, err := control.TrafficPaths(e.past.checkout.Project, e.past.checkout.Instance)
	if !inspects {
		for _, id := range e.traffic {
			e.relay.drop(id)
		}
		for _, path := range paths {
			_ = os.Remove(path)
		}
		e.traffic = nil
		return
	}
	var sockets []*os.File
	if err == nil {
		sockets, err = control.ListenBeside(paths)
	}
	if err != nil {
		e.warn("nobody can ask what the inspector sees: %v", err)
	}
	for _, f := range sockets {
		e.traffic = append(e.traffic, e.relay.add(handoff.Traffic, f))
	}
}

// close removes the sockets of the inspector.
func (e *edges) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.traffic) == 0 {
		return
	}
	if paths, err := control.TrafficPaths(e.past.checkout.Project, e.past.checkout.Instance); err == nil {
		for _, path := range paths {
			_ = os.Remove(path)
		}
	}
}

// prune closes the edges that have been left.
func (e *edges) prune() {
	e.mu.Lock()
	defer e.mu.Unlock()
	var left []int
	e.now = slices.DeleteFunc(e.now, func(s edgeSocket) bool {
		if s.leaving {
			left = append(left, s.id)
		}
		return s.leaving
	})
	e.tell()
	for _, id := range left {
		e.relay.drop(id)
	}
}

func (e *edges) open(s *edgeSocket) {
	f, err := bindEdge(s.Port)
	if err != nil {
		e.warn("%s cannot listen on port %d: %v", s.Arrow(), s.Port, err)
		return
	}
	s.file = f
	s.id = e.relay.add(handoff.Edge, f)
}

// listens takes the news of which ports a service's process listens on.
func (e *edges) listens(service string, numbers []int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listening[service] = slices.Clone(numbers)
	if e.follow() {
		e.tell()
	}
}

// follow has each socket listen where its service does, and reports whether one changed.
func (e *edges) follow() (changed bool) {
	for i := range e.now {
		s := &e.now[i]
		open := e.always[s.To] || slices.Contains(e.listening[s.To], s.Target)
		if s.id == 0 || open == s.open {
			continue
		}
		if err := listenEdge(s.file, open); err != nil {
			e.warn("%s cannot listen on port %d: %v", s.Arrow(), s.Port, err)
			continue
		}
		s.open, changed = open, true
	}
	return changed
}

// told are the edges in a Snapshot.
func (e *edges) told() (all []control.InspectedEdge) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.now {
		if !s.leaving {
			all = append(all, control.InspectedEdge{
				From: s.From, To: s.To, Name: s.Name, Port: s.Port, Target: s.Target, Protocol: s.Protocol,
			})
		}
	}
	return all
}

// tell has the relay know the edges.
func (e *edges) tell() {
	var all []handoff.EdgeState
	for _, s := range e.now {
		all = append(all, handoff.EdgeState{
			Socket: s.id, From: s.From, To: s.To, Name: s.Name, Target: s.Target, Protocol: s.Protocol, Open: s.open,
		})
	}
	settings, services := e.project.Inspect, e.project.InspectedServices()
	e.relay.set(func(state *handoff.State) {
		state.Edges, state.Traffic, state.Services = all, e.traffic, services
		state.Memory, state.Body, state.Hide = settings.Memory, settings.Body, settings.Hide
	})
}
