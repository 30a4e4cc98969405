package ports

import (
	"strings"
	"testing"
)

// at looks one port up, and checks that a lease agrees with the look-up before and
// while it is held.
func at(t *testing.T, r *Registry, c Checkout, q Request) Lease {
	t.Helper()
	look := func() Lease {
		found, err := r.Lookup(c, []Request{q})
		if err != nil {
			t.Fatal(err)
		}
		return found[0]
	}
	before := look()
	l := lease(t, r, c, q)
	during := look()
	got := l.all[0]
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if before.Port != got.Port || during.Port != got.Port || before.Home != got.Home || during.Home != got.Home {
		t.Errorf("looked up %+v, leased %+v, looked up then %+v", before, got, during)
	}
	return got
}

func TestAPreferredPortIsTheMainCheckoutsWhileItIsFree(t *testing.T) {
	r := newRegistry(t)
	port := freePort(t)
	q := Request{Service: "web", Prefer: port}
	main, other := checkout(t, r, "shop", t.TempDir()), checkout(t, r, "shop", t.TempDir())
	automatic := at(t, r, main, Request{Service: "web"}).Port

	if l := at(t, r, main, q); l.Port != port || l.Home != port || l.Holder != nil {
		t.Errorf("main has %+v, want %d", l, port)
	}
	if l := at(t, r, other, q); l.Port == port || l.Home != l.Port || !r.rng.contains(l.Port) {
		t.Errorf("another checkout has %+v", l)
	}
	if l := at(t, r, main, Request{Service: "web"}); l.Port != automatic {
		t.Errorf("without the preference it is %d again, want %d", l.Port, automatic)
	}

	stranger := squat(t, loopback(port))
	l := at(t, r, main, q)
	if l.Port != automatic || l.Home != port || l.Holder == nil || !strings.Contains(l.String(), "because") {
		t.Errorf("beside a stranger it is %+v, want %d", l, automatic)
	}
	stranger.kill()
	if l := at(t, r, main, q); l.Port != port {
		t.Errorf("after the stranger it is %+v", l)
	}

	holder := lease(t, r, checkout(t, r, "else", t.TempDir()), Request{Service: "x", Fixed: port})
	if l := at(t, r, main, q); l.Port != automatic || l.Holder == nil || l.Holder.Project != "else" {
		t.Errorf("beside a lease it is %+v", l)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
}

// A number that some checkout has for good is nobody's to prefer, running or not.
func TestAPreferredPortIsNoOthersHome(t *testing.T) {
	r := newRegistry(t)
	main := checkout(t, r, "shop", t.TempDir())
	theirs := at(t, r, checkout(t, r, "else", t.TempDir()), Request{Service: "x"}).Port
	if l := at(t, r, main, Request{Service: "web", Prefer: theirs}); l.Port == theirs || !r.rng.contains(l.Port) {
		t.Errorf("it is %+v, and %d is another's home", l, theirs)
	}
	own := at(t, r, main, Request{Service: "web"}).Port
	if l := at(t, r, main, Request{Service: "web", Prefer: own}); l.Port != own || l.Home != own {
		t.Errorf("its own home is %+v, want %d", l, own)
	}
}

func TestExchangeKeepsAndTakesPreferredPorts(t *testing.T) {
	r := newRegistry(t)
	port := freePort(t)
	main := checkout(t, r, "shop", t.TempDir())
	plain, prefers := Request{Service: "web"}, Request{Service: "web", Prefer: port}
	exchange := func(old *Leases, q Request) *Leases {
		next, rest, err := r.Exchange(old, main, []Request{q})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { next.Close(); rest.Close() })
		if err := rest.Close(); err != nil {
			t.Fatal(err)
		}
		return next
	}
	held := lease(t, r, main, prefers)
	for _, step := range []struct {
		q    Request
		want int
	}{{prefers, port}, {plain, 0}, {plain, 0}, {prefers, port}} {
		held = exchange(held, step.q)
		if got := held.all[0].Port; (step.want != 0) != (got == port) {
			t.Errorf("%+v: got %d", step.q, got)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}

	// A run that moved aside stays where it is, though the number is free again.
	stranger := squat(t, loopback(port))
	held = lease(t, r, main, prefers)
	aside := held.all[0].Port
	stranger.kill()
	held = exchange(held, prefers)
	found, err := r.Lookup(main, []Request{prefers})
	if err != nil || held.all[0].Port != aside || aside == port || found[0].Port != aside {
		t.Errorf("it was at %d, is at %d, looked up %+v, %v", aside, held.all[0].Port, found, err)
	}
}
