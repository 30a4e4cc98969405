package ports

import (
	"errors"
	"net"
	"testing"
)

func exchange(t *testing.T, r *Registry, old *Leases, c Checkout, q ...Request) (next, rest *Leases) {
	t.Helper()
	next, rest, err := r.Exchange(old, c, q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = next.Close()
		_ = rest.Close()
	})
	return next, rest
}

func TestExchangeKeepsWhatIsHeldAndAddsWhatIsNot(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	old := lease(t, r, c, services("api", "db", "web")...)
	before := byKey(old.All())
	next, rest := exchange(t, r, old, c, services("new", "web", "api")...)
	after := byKey(next.All())
	if after["api/"] != before["api/"] || after["web/"] != before["web/"] || after["new/"] == 0 {
		t.Errorf("%v became %v", before, after)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	for key, port := range map[string]int{"api": after["api/"], "new": after["new/"], "db": before["db/"]} {
		if who, held := r.locks.holder(port); !held || who.Service != key {
			t.Errorf("%d is held by %+v, %v; want %s", port, who, held, key)
		}
	}
	if err := rest.Close(); err != nil {
		t.Error(err)
	}
	if _, held := r.locks.holder(before["db/"]); held {
		t.Error("the port of db is still held")
	}
}

func TestExchangeKeepsAPortThatIsInUse(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	old := lease(t, r, c, services("api")...)
	port := old.All()[0].Port
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	next, _ := exchange(t, r, old, c, append(services("api"), Request{Service: "db", Fixed: freePort(t)})...)
	if got := next.All()[0].Port; got != port {
		t.Errorf("api moved from %d to %d", port, got)
	}
}

func TestExchangeKeepsAnAlternate(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	home := leaseOnce(t, r, c, services("api")...)["api/"]
	l, err := net.Listen("tcp", loopback(home))
	if err != nil {
		t.Fatal(err)
	}
	old := lease(t, r, c, services("api")...)
	aside := old.All()[0]
	l.Close()
	next, _ := exchange(t, r, old, c, services("api", "web")...)
	if got := next.All()[0]; got.Port != aside.Port || got.Home != home {
		t.Errorf("%v became %v", aside, got)
	}
}

func TestExchangePassesAFixedPortOn(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	fixed := freePort(t)
	old := lease(t, r, c, Request{Service: "db", Fixed: fixed}, Request{Service: "api"})
	l, err := net.Listen("tcp", loopback(fixed))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	next, rest := exchange(t, r, old, c, Request{Service: "api"}, Request{Service: "database", Fixed: fixed})
	if who, held := r.locks.holder(fixed); !held || who.Service != "database" {
		t.Errorf("held by %+v, %v", who, held)
	}
	if err := errors.Join(rest.Close(), next.Close()); err != nil {
		t.Error(err)
	}
	if _, held := r.locks.holder(fixed); held {
		t.Error("it is still held")
	}
}

func TestExchangeGivesAnAutomaticPortToTheOneThatIsFixedOnIt(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	old := lease(t, r, c, services("web")...)
	port := old.All()[0].Port
	next, _ := exchange(t, r, old, c, Request{Service: "web"}, Request{Service: "api", Fixed: port})
	all := byKey(next.All())
	if all["api/"] != port || all["web/"] == port || all["web/"] == 0 {
		t.Errorf("got %v", all)
	}
}

func TestABusyFixedPortLeavesTheOldLeasesAsTheyAre(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	old := lease(t, r, c, services("api", "web")...)
	before := byKey(old.All())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := l.Addr().(*net.TCPAddr).Port
	_, _, err = r.Exchange(old, c, []Request{{Service: "web"}, {Service: "new"}, {Service: "db", Fixed: busy}, {Service: "api", Fixed: before["api/"]}})
	var e *BusyError
	if !errors.As(err, &e) || e.Port != busy || e.Service != "db" {
		t.Fatalf("the error is %v", err)
	}
	for _, name := range []string{"api", "web"} {
		if who, held := r.locks.holder(before[name+"/"]); !held || who.Service != name {
			t.Errorf("%s: held by %+v, %v", name, who, held)
		}
	}
	if _, held := r.locks.holder(leaseOnce(t, r, c, services("new")...)["new/"]); held {
		t.Error("the port of new is still held")
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	if _, held := r.locks.holder(before["api/"]); held {
		t.Error("the port of api is still held after Close")
	}
}
