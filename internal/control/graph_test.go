package control

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

func endAt(addr string, id uint64) ports.End {
	return ports.End{Addr: netip.MustParseAddrPort(addr), ID: id}
}

// TestTheGraphSaysWhoTalksToWhom: services by their sockets, the world outside by what is
// known of it.
func TestTheGraphSaysWhoTalksToWhom(t *testing.T) {
	db, api, ide := endAt("127.0.0.1:21001", 1), endAt("127.0.0.1:21002", 2), endAt("127.0.0.1:21003", 3)
	client := func(id uint64) ports.End {
		return ports.End{Addr: netip.AddrPortFrom(api.Addr.Addr(), uint16(40000+id)), ID: id}
	}
	far := endAt("192.0.2.7:443", 0)
	o := owners{
		services:  map[ports.End]string{db: "db", api: "api", client(10): "api", client(11): "web"},
		byPort:    map[uint16]string{21001: "db", 21002: "api", 21003: "ide", 21004: "gone"},
		elsewhere: map[string]bool{"ide": true},
		others: map[ports.End]ports.Holder{
			ide: {PID: 7, Program: "idea"}, client(20): {PID: 8, Program: "curl"}, client(21): {User: "root"},
			client(22): {PID: 9, Project: "blog", Instance: "main", Program: "node"}, client(23): {PID: 9, Project: "shop", Instance: "main", Program: "psql"},
			endAt("127.0.0.1:21004", 4): {PID: 5, Program: "squat"},
		},
		front:   map[ports.End]bool{client(30): true},
		project: "shop", instance: "main",
	}
	o.others[client(25)] = ports.Holder{PID: 10, Program: Browser}
	c := newCount([]Service{{Name: "api", DependsOn: []string{"db", "cache"}}, {Name: "web", DependsOn: []string{"api"}}})
	for _, conn := range []ports.Connection{
		{Client: client(10), Server: db, Up: 1, Down: 10, RTT: 3 * time.Microsecond},
		{Client: client(10), Server: db, Up: 2, Down: 20, RTT: 90 * time.Microsecond},
		{Client: client(10), Server: db, Up: 4, Down: 40, RTT: 4 * time.Microsecond},
		{Client: client(10), Server: api, Up: 1, Down: 1}, // to itself
		{Client: client(11), Server: db, Up: 1},
		{Client: client(11), Server: ide},
		{Client: client(11), Server: endAt("127.0.0.1:21004", 4)},
		{Client: client(11), Server: far},
		{Client: far, Server: api},
		{Client: client(20), Server: api}, {Client: client(21), Server: api}, {Client: client(22), Server: api}, {Client: client(23), Server: api},
		{Client: client(24), Server: api}, {Client: client(25), Server: api}, {Client: client(30), Server: api},
		{Client: client(20), Server: endAt("127.0.0.1:9999", 99)}, // between others
		{Client: far, Server: endAt("127.0.0.1:9999", 99)},
	} {
		c.add(conn, o)
	}
	want := []Edge{
		{From: "api", To: "cache", Declared: true},
		{From: "api", To: "db", Connections: 3, BytesUp: 7, BytesDown: 70, RTT: 4, Declared: true},
		{From: "web", To: "api", Declared: true},
		{From: "web", To: "db", Connections: 1, BytesUp: 1},
		{From: "web", To: "ide", Connections: 1},
		{To: "api", Outside: AnotherMachine, Connections: 1},
		{To: "api", Outside: "blog/main", Connections: 1},
		{To: "api", Outside: Browser, Connections: 1},
		{To: "api", Outside: Browser, Front: true, Connections: 1},
		{To: "api", Outside: "curl", Connections: 1},
		{To: "api", Outside: "psql", Connections: 1},
		{To: "api", Outside: Unknown, Connections: 1},
		{To: "api", Outside: "user root", Connections: 1},
		{From: "web", Outside: AnotherMachine, Connections: 1},
		{From: "web", Outside: "squat", Connections: 1},
	}
	g := c.graph()
	if !slices.Equal(g.Edges, want) {
		t.Errorf("got\n%+v\nwant\n%+v", g.Edges, want)
	}
	if !slices.Equal(g.Services, []string{"api", "web"}) || g.Uncounted != "" {
		t.Errorf("%+v", g)
	}
}

// TestOnlyAServiceThatIsUpIsElsewhere: a stranger on the port of one that is stopped is
// a stranger.
func TestOnlyAServiceThatIsUpIsElsewhere(t *testing.T) {
	snap := Snapshot{Services: []Service{
		{Name: "db", Port: 21001, State: supervisor.StateReady},
		{Name: "api", Port: 21002, Ports: map[string]int{"debug": 21003}, State: supervisor.StateReady, PID: 5},
		{Name: "gone", Port: 21004, State: supervisor.StateStopped},
		{Name: "job"},
	}}
	o, err := ownersOf(nil, snap, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !o.elsewhere["db"] || o.elsewhere["api"] || o.elsewhere["gone"] {
		t.Errorf("%v", o.elsewhere)
	}
	if o.byPort[21003] != "api" || o.byPort[21004] != "gone" || o.byPort[0] != "" {
		t.Errorf("%v", o.byPort)
	}
}
