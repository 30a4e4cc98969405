package control

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// Graph is which service talks to which, as the kernel counts it, and what depends_on
// says of that.
type Graph struct {
	Services []string `json:"services"`
	// Edges are sorted by name; those with an end that is no service come last.
	Edges []Edge `json:"edges"`
	// Uncounted says why connections and bytes are not known; "" where they are.
	Uncounted string `json:"uncounted,omitempty"`
}

// Edge is all connections that are open now from one service to another, or a dependency
// without any.
type Edge struct {
	// From is who connects. From or To is "" where that is no service of the run.
	From string `json:"from"`
	To   string `json:"to"`
	// Outside, on such an edge alone, says what that end is: "PROJECT/INSTANCE" of another
	// run, the name of a program, "user NAME" where the program is hidden, or one of
	// AnotherMachine and Unknown.
	Outside string `json:"outside,omitempty"`
	// Front says that the run's front connects, for a browser or whoever else came to it;
	// Outside is Browser then.
	Front       bool `json:"front,omitempty"`
	Connections int  `json:"connections"`
	// BytesUp have arrived at To, BytesDown at From.
	BytesUp   uint64 `json:"bytes_up"`
	BytesDown uint64 `json:"bytes_down"`
	// RTT is the median time of a round trip, in microseconds; 0 is not measured.
	RTT int64 `json:"rtt_us"`
	// Declared says that From depends on To.
	Declared bool `json:"declared"`
}

// What an Edge calls an end of which it knows no program.
const (
	AnotherMachine = "another machine"
	Unknown        = "unknown"
	// Browser stands for all who come through the front.
	Browser = "browser"
)

// DeclaredGraph is what depends_on says, without a connection.
func DeclaredGraph(services []Service) Graph {
	return newCount(services).graph()
}

func (l *Local) graph(ctx context.Context) (Graph, error) {
	snap, err := l.Snapshot(ctx, false)
	if err != nil {
		return Graph{}, err
	}
	if l.o.Edges != nil {
		snap.Inspected = l.o.Edges()
	}
	conns, err := ports.Connections()
	if errors.Is(err, errors.ErrUnsupported) {
		g := DeclaredGraph(snap.Services)
		g.Uncounted = err.Error()
		return g, nil
	}
	if err != nil {
		return Graph{}, err
	}
	owners, err := ownersOf(conns, snap, l.o.Supervisor.Trees(), l.relay())
	if err != nil {
		return Graph{}, err
	}
	c := newCount(snap.Services)
	for _, conn := range conns {
		c.add(conn, owners)
	}
	for _, conn := range conns {
		if owners.isEdge(conn.Server) {
			c.passedOn(conn, owners.server(conn.Server))
		}
	}
	return c.graph(), nil
}

// passedOn takes a connection to an inspected service from those of the front: the relay
// has passed it on by one of its own.
func (c count) passedOn(conn ports.Connection, to string) {
	a := arrow{to: to, outside: Browser, front: true}
	e := c.all[a]
	if e == nil {
		return
	}
	e.Connections--
	e.BytesUp -= min(e.BytesUp, conn.Up)
	e.BytesDown -= min(e.BytesDown, conn.Down)
	if e.Connections <= 0 {
		delete(c.all, a)
	}
}

// relay is the pid of what serves the front; 0 is none.
func (l *Local) relay() int {
	if l.o.Relay == nil {
		return 0
	}
	return l.o.Relay()
}

// arrow is what tells one Edge from another.
type arrow struct {
	from, to, outside string
	front             bool
}

// count adds connections up to edges.
type count struct {
	services []string
	all      map[arrow]*Edge
	rtts     map[arrow][]time.Duration
}

func newCount(services []Service) count {
	c := count{[]string{}, map[arrow]*Edge{}, map[arrow][]time.Duration{}}
	for _, s := range services {
		c.services = append(c.services, s.Name)
		for _, dep := range s.DependsOn {
			c.edge(arrow{from: s.Name, to: dep}).Declared = true
		}
	}
	return c
}

func (c count) edge(a arrow) *Edge {
	if c.all[a] == nil {
		c.all[a] = &Edge{From: a.from, To: a.to, Outside: a.outside, Front: a.front}
	}
	return c.all[a]
}

// add passes over what a service says to itself, and what has to do with none.
func (c count) add(conn ports.Connection, o owners) {
	a := o.arrow(conn)
	if a.from == a.to && a.outside == "" {
		return
	}
	e := c.edge(a)
	e.Connections++
	e.BytesUp += conn.Up
	e.BytesDown += conn.Down
	if conn.RTT > 0 {
		c.rtts[a] = append(c.rtts[a], conn.RTT)
	}
}

func (c count) graph() Graph {
	edges := make([]Edge, 0, len(c.all))
	for a, e := range c.all {
		if rtts := c.rtts[a]; len(rtts) > 0 {
			slices.Sort(rtts)
			e.RTT = rtts[len(rtts)/2].Microseconds()
		}
		edges = append(edges, *e)
	}
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(compareOutside(a, b), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Outside, b.Outside),
			compareFront(a, b))
	})
	return Graph{Services: c.services, Edges: edges}
}

// compareFront puts the front after a program of that name.
func compareFront(a, b Edge) int {
	switch {
	case a.Front == b.Front:
		return 0
	case a.Front:
		return 1
	}
	return -1
}

// compareOutside puts edges between services first, then those from outside.
func compareOutside(a, b Edge) int {
	rank := func(e Edge) int {
		switch {
		case e.Outside == "":
			return 0
		case e.From == "":
			return 1
		}
		return 2
	}
	return cmp.Compare(rank(a), rank(b))
}
