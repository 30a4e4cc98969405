package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func TestTheSameCheckoutGetsTheSamePortsOnEveryRun(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	q := append(services("api", "web", "db"), Request{Service: "api", Name: "debug"})
	first := leaseOnce(t, r, c, q...)
	slices.Reverse(q)
	if again := leaseOnce(t, newRegistry(t, r.store.dir), c, q...); !reflect.DeepEqual(again, first) {
		t.Errorf("%v became %v", first, again)
	}
}

func TestAddingRemovingOrRenamingAServiceMovesNoOther(t *testing.T) {
	r := newRegistry(t)
	for _, dir := range []string{t.TempDir(), t.TempDir()} { // main, and another instance
		c := checkout(t, r, "shop", dir)
		first := leaseOnce(t, r, c, services("a", "b", "c", "d")...)
		for _, names := range [][]string{{"a", "aa", "b", "c", "d"}, {"b", "d"}, {"x", "b", "c", "d"}, {"d", "c", "b", "a"}} {
			for key, port := range leaseOnce(t, r, c, services(names...)...) {
				if first[key] != 0 && first[key] != port {
					t.Errorf("with %v, %s moved from %d to %d", names, key, first[key], port)
				}
			}
		}
	}
}

func TestTeammatesShareNumbers(t *testing.T) {
	// In so small a range some want the same number; the order of requests must
	// not say who gets it.
	q := services("api", "web", "db", "cache", "mail", "jobs")
	ann, bob := newRegistry(t), newRegistry(t)
	ann.rng = Range{30000, 30007}
	bob.rng = ann.rng
	mine := leaseOnce(t, ann, checkout(t, ann, "shop", t.TempDir()), q...)
	slices.Reverse(q)
	theirs := leaseOnce(t, bob, checkout(t, bob, "shop", t.TempDir()), q...)
	if !reflect.DeepEqual(mine, theirs) {
		t.Errorf("%v and %v", mine, theirs)
	}
}

func TestAnotherInstanceHasPortsOfItsOwnEvenWhenIdle(t *testing.T) {
	r := newRegistry(t)
	r.rng = Range{30000, 30019}
	seen := map[int]string{}
	for i := range 5 {
		c := checkout(t, r, "shop", t.TempDir())
		for key, port := range leaseOnce(t, r, c, services("a", "b", "c", "d")...) {
			if other, ok := seen[port]; ok {
				t.Errorf("checkout %d: %s shares %d with %s", i, key, port, other)
			}
			seen[port] = c.Instance + key
		}
	}
}

func TestUsedUpRangeIsAClearEnd(t *testing.T) {
	r := newRegistry(t)
	r.rng = Range{30000, 30003}
	port := leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("a", "b", "c", "d")...)
	c := checkout(t, r, "shop", t.TempDir())
	_, err := r.Lease(c, services("e"))
	var e *ExhaustedError
	if !errors.As(err, &e) || e.Range != r.rng || e.Needed.Service != "e" || e.Registered != 4 {
		t.Fatalf("got %#v", err)
	}
	for _, want := range []string{"30000-30003", "ports.range", `"e"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if _, err := r.Lookup(c, services("e")); !errors.As(err, &e) {
		t.Errorf("Lookup says %v", err)
	}
	// The four that exist go on.
	if again := leaseOnce(t, r, checkout(t, r, "shop", r.dirOf(t, "main")), services("a", "b", "c", "d")...); !reflect.DeepEqual(again, port) {
		t.Errorf("%v became %v", port, again)
	}
}

func (r *Registry) dirOf(t *testing.T, instance string) string {
	t.Helper()
	b, err := r.store.read()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.Checkouts {
		if s.Instance == instance {
			return s.Dir
		}
	}
	t.Fatalf("no instance %q", instance)
	return ""
}

func TestPortsOfAVanishedCheckoutAreGivenOutAgain(t *testing.T) {
	r := newRegistry(t)
	r.rng = Range{30000, 30001}
	dir := subdir(t, t.TempDir(), "shop")
	leaseOnce(t, r, checkout(t, r, "shop", dir), services("a", "b")...)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	leaseOnce(t, r, checkout(t, r, "blog", t.TempDir()), services("a", "b")...)
}

func TestLeaseIsAllOrNothing(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	busy := freePort(t)
	squat(t, loopback(busy))
	other := freePort(t)
	if _, err := r.Lease(c, []Request{{Service: "a"}, {Service: "b", Fixed: other}, {Service: "c", Fixed: busy}}); err == nil {
		t.Fatal("a busy port was leased")
	}
	if _, held := r.locks.holder(other); held {
		t.Error("a lease was left behind")
	}
	lease(t, r, c, Request{Service: "a"}, Request{Service: "b", Fixed: other})
}

func TestSquatterIsNamedAndMovedAsideForAndHomeIsFoundAgain(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	home := leaseOnce(t, r, c, services("api")...)["api/"]

	squatter := squat(t, loopback(home))
	l := lease(t, r, c, services("api", "web")...)
	got := l.All()[0]
	if got.Port == home || got.Home != home || got.Holder == nil {
		t.Fatalf("got %+v", got)
	}
	if got.Holder.PID != squatter.pid() || !strings.Contains(got.Holder.Command, os.Args[0][strings.LastIndex(os.Args[0], "/")+1:]) || got.Holder.User == "" {
		t.Errorf("the holder is %+v, want pid %d", got.Holder, squatter.pid())
	}
	for _, part := range []string{fmt.Sprint(home), fmt.Sprintf("pid %d (", squatter.pid())} {
		if !strings.Contains(got.String(), part) {
			t.Errorf("%q does not say %s", got, part)
		}
	}
	if web := l.All()[1]; web.Port != web.Home || web.Holder != nil {
		t.Errorf("web moved too: %+v", web)
	}

	// While the run lives, Lookup shows where it is.
	p, err := r.Lookup(c, services("api", "web"))
	if err != nil || p[0].Port != got.Port || p[0].Home != home || p[0].Holder == nil || p[0].Holder.PID != squatter.pid() {
		t.Errorf("Lookup says %+v, %v", p, err)
	}
	l.Close()
	if p, err := r.Lookup(c, services("api")); err != nil || p[0].Port != home {
		t.Errorf("after the run Lookup says %+v, %v", p, err)
	}

	// The alternate is remembered, kept from others, and used again.
	if again := lease(t, r, c, services("api")...); again.All()[0].Port != got.Port {
		t.Errorf("the second time it moved to %d, not %d", again.All()[0].Port, got.Port)
	} else {
		again.Close()
	}
	squatter.kill()
	if back := lease(t, r, c, services("api")...).All()[0]; back.Port != home || back.Holder != nil {
		t.Errorf("it did not return home: %+v", back)
	}
}

func TestAlternateIsKeptFromOthers(t *testing.T) {
	r := newRegistry(t)
	r.rng = Range{30000, 30002}
	c := checkout(t, r, "shop", t.TempDir())
	home := leaseOnce(t, r, c, services("api")...)["api/"]
	squatter := squat(t, loopback(home))
	aside := leaseOnce(t, r, c, services("api")...)["api/"]
	squatter.kill()
	if port := leaseOnce(t, r, checkout(t, r, "blog", t.TempDir()), services("x")...)["x/"]; port == home || port == aside {
		t.Errorf("%d was given away", port)
	}
}

func TestASecondRunOfTheCheckoutNamesTheFirst(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	first := lease(t, r, c, services("api")...).All()[0]
	second := lease(t, r, c, services("api")...).All()[0]
	want := Holder{Project: "shop", Instance: "main", Service: "api", Dir: c.Dir, PID: os.Getpid()}
	if second.Port == first.Port || second.Home != first.Port || second.Holder == nil {
		t.Fatalf("got %+v", second)
	}
	got := *second.Holder
	got.Command, got.Program, got.User = "", "", ""
	if got != want {
		t.Errorf("the holder is %+v", got)
	}
	if s := second.Holder.String(); s != fmt.Sprintf(`lhrun project "shop" (instance main, service api), pid %d`, os.Getpid()) {
		t.Errorf("it reads %s", s)
	}
	// Of two runs Lookup shows the one at home.
	if p, err := r.Lookup(c, services("api")); err != nil || p[0].Port != first.Port {
		t.Errorf("Lookup says %+v, %v", p, err)
	}
}

func TestEveryBusyFixedPortIsReportedWithItsHolder(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	a, b, other := freePort(t), freePort(t), freePort(t)
	squatter := squat(t, loopback(a))
	blog := checkout(t, r, "blog", t.TempDir())
	lease(t, r, blog, Request{Service: "db", Fixed: b})

	_, err := r.Lease(c, []Request{{Service: "api", Fixed: a}, {Service: "web"}, {Service: "db", Fixed: b}, {Service: "x", Fixed: other}})
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != 2 {
		t.Fatalf("got %v", err)
	}
	var one, two *BusyError
	if !errors.As(joined.Unwrap()[0], &one) || !errors.As(joined.Unwrap()[1], &two) {
		t.Fatalf("got %v", err)
	}
	if one.Port != a || one.Service != "api" || one.Holder.PID != squatter.pid() {
		t.Errorf("the first is %+v", one)
	}
	if two.Port != b || two.Service != "db" || two.Holder.Project != "blog" || two.Holder.Service != "db" || two.Holder.PID != os.Getpid() {
		t.Errorf("the second is %+v", two)
	}
	if want := fmt.Sprintf(`port %d of service "db" is taken by lhrun project "blog" (instance main, service db), pid %d`, b, os.Getpid()); two.Error() != want {
		t.Errorf("it reads %s", two)
	}
}

func TestTwoServicesFixedOnOnePortNameEachOther(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	port := freePort(t)
	_, err := r.Lease(c, []Request{{Service: "api", Fixed: port}, {Service: "web", Fixed: port}})
	var e *BusyError
	if !errors.As(err, &e) || e.Service != "web" || e.Holder.Service != "api" || e.Holder.Project != "shop" {
		t.Errorf("got %v", err)
	}
}

func TestFixedPortIsNeverAnAutomaticOneWhileLeased(t *testing.T) {
	r := newRegistry(t)
	shop, blog := checkout(t, r, "shop", t.TempDir()), checkout(t, r, "blog", t.TempDir())
	near := r.home(shop, Request{Service: "x"})
	if p, err := r.Lookup(shop, []Request{{Service: "x"}, {Service: "db", Fixed: near}}); err != nil || p[0].Port == near || p[1].Port != near {
		t.Errorf("in one Lookup: %v, %v", p, err)
	}
	want := r.home(blog, Request{Service: "x"})
	lease(t, r, shop, Request{Service: "db", Fixed: want})
	if p, err := r.Lookup(blog, services("y", "x")); err != nil || p[1].Port == want {
		t.Errorf("a Lookup beside the lease: %v, %v", p, err)
	}
	other := checkout(t, r, "blog", t.TempDir())
	other.Instance = mainInstance // so that its home is the same number
	if l := lease(t, r, other, services("x")...).All()[0]; l.Port == want {
		t.Errorf("%d was given twice", want)
	}
}

func TestFixedPortMayBeOutsideOfTheRange(t *testing.T) {
	r := newRegistry(t)
	port := freePort(t)
	l := lease(t, r, checkout(t, r, "shop", t.TempDir()), Request{Service: "db", Fixed: port}).All()[0]
	if l.Port != port || l.Home != port || l.Holder != nil {
		t.Errorf("got %+v", l)
	}
}

func TestAnotherRangeGivesANewHomeInIt(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	leaseOnce(t, r, c, services("api")...)
	r.rng = Range{32001, 32100}
	p, err := r.Lookup(c, services("api"))
	if err != nil || !r.rng.contains(p[0].Port) {
		t.Fatalf("Lookup says %v, %v", p, err)
	}
	if l := lease(t, r, c, services("api")...).All()[0]; l.Port != p[0].Port || l.Home != l.Port {
		t.Errorf("got %+v, Lookup said %+v", l, p[0])
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	for name, q := range map[string][]Request{
		"no name":  {{}},
		"twice":    {{Service: "a", Name: "x"}, {Service: "a", Name: "x"}},
		"negative": {{Service: "a", Fixed: -1}},
		"too big":  {{Service: "a", Fixed: 65536}},
	} {
		if _, err := r.Lease(c, q); err == nil {
			t.Errorf("%s: leased", name)
		}
		if _, err := r.Lookup(c, q); err == nil {
			t.Errorf("%s: peeked", name)
		}
	}
	for _, c := range []Checkout{{}, {Project: "a", Instance: "b"}, {Project: "a", Instance: "b", Dir: "c"}} {
		if _, err := r.Lease(c, services("a")); err == nil {
			t.Errorf("leased for %+v", c)
		}
	}
	if l := lease(t, r, c); len(l.All()) != 0 {
		t.Errorf("nothing asked for, got %v", l.All())
	}
}

func TestCloseTwiceIsHarmless(t *testing.T) {
	r := newRegistry(t)
	l := lease(t, r, checkout(t, r, "shop", t.TempDir()), services("a")...)
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
}

func TestLookupPromisesWhatLeaseGivesAndLeasesNothing(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	q := services("a", "b", "c")
	p, err := r.Lookup(c, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p {
		if _, held := r.locks.holder(l.Port); held {
			t.Errorf("%d is leased", l.Port)
		}
	}
	if got := lease(t, r, c, q...).All(); !reflect.DeepEqual(got, p) {
		t.Errorf("promised %v, gave %v", p, got)
	}
}

func TestLookupGivesNoBusyPort(t *testing.T) {
	r := newRegistry(t)
	r.rng = Range{30000, 30002}
	c := checkout(t, r, "shop", t.TempDir())
	home := r.home(c, Request{Service: "api"})
	l, err := net.Listen("tcp", loopback(home))
	if err != nil {
		t.Skip("somebody else is on the port:", err)
	}
	defer l.Close()
	if p, err := r.Lookup(c, services("api")); err != nil || p[0].Port == home {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestLookupOfWhatIsKnownDoesNotTouchTheFile(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	q := services("a", "b")
	leaseOnce(t, r, c, q...)
	before, err := os.Stat(r.store.path(registryName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lookup(c, q); err != nil {
		t.Fatal(err)
	}
	leaseOnce(t, r, c, q...)
	checkout(t, r, "shop", c.Dir)
	after, err := os.Stat(r.store.path(registryName))
	if err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the file was written again (%v)", err)
	}
}

func TestManyCallsAtOnceShareNothing(t *testing.T) {
	dir := t.TempDir()
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		seen = map[int]string{}
	)
	for i := range 12 {
		wg.Go(func() {
			r, err := Open(Options{StateDir: dir, Range: testRange})
			if err != nil {
				t.Error(err)
				return
			}
			c, err := r.Checkout("shop", subdir(t, dir, fmt.Sprint("c", i)))
			if err != nil {
				t.Error(err)
				return
			}
			for range 3 {
				l, err := r.Lease(c, services("a", "b", "c", "d"))
				if err != nil {
					t.Error(err)
					return
				}
				for _, one := range l.All() {
					mu.Lock()
					if key := c.Instance + one.Service; seen[one.Port] != "" && seen[one.Port] != key {
						t.Errorf("%d is %s and %s", one.Port, seen[one.Port], key)
					} else {
						seen[one.Port] = key
					}
					mu.Unlock()
				}
				l.Close()
			}
		})
	}
	wg.Wait()
	if len(seen) != 48 {
		t.Errorf("%d ports for 48 keys", len(seen))
	}
}

func TestEntriesShowsWhatIsRegisteredAndWhatIsLive(t *testing.T) {
	r := newRegistry(t)
	shop, blog := checkout(t, r, "shop", t.TempDir()), checkout(t, r, "blog", t.TempDir())
	idle := leaseOnce(t, r, blog, services("x")...)["x/"]
	fixed := freePort(t)
	live := lease(t, r, shop, Request{Service: "api", Name: "debug"}, Request{Service: "db", Name: "repl", Fixed: fixed}).All()[0].Port
	second := lease(t, r, shop, Request{Service: "api", Name: "debug"}).All()[0].Port

	all, err := r.Entries()
	if err != nil {
		t.Fatal(err)
	}
	me := os.Getpid()
	for _, want := range []Entry{
		{Port: idle, Project: "blog", Instance: "main", Dir: blog.Dir, Service: "x"},
		{Port: live, Project: "shop", Instance: "main", Dir: shop.Dir, Service: "api", Name: "debug", Live: true, PID: me},
		{Port: second, Project: "shop", Instance: "main", Dir: shop.Dir, Service: "api", Name: "debug", Alternate: true, Live: true, PID: me},
		{Port: fixed, Project: "shop", Instance: "main", Dir: shop.Dir, Service: "db", Name: "repl", Live: true, PID: me},
	} {
		n := 0
		for _, e := range all {
			if e.User = ""; e == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%+v is there %d times in %+v", want, n, all)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b Entry) int { return a.Port - b.Port }) {
		t.Error("not by number")
	}
}

func TestNumbersOfACheckoutThatIsGoneAreGivenOutAtOnce(t *testing.T) {
	r := newRegistry(t)
	c, dir := checkout(t, r, "shop", t.TempDir()), subdir(t, t.TempDir(), "other")
	leaseOnce(t, r, c, services("web")...) // It is not new any more.
	other, q := checkout(t, r, "shop", dir), Request{Service: "api"}
	err := r.store.change(func(f *registryFile) (bool, error) {
		f.setHome(f.entry(other), q, r.home(c, q))
		return true, nil
	})
	if err == nil {
		err = os.Remove(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := lease(t, r, c, q)
	if got, want := l.All()[0].Port, r.home(c, q); got != want && r.whoHas(want) == nil {
		t.Errorf("it has %d, not %d", got, want)
	}
}

func TestADeferredPortThatIsTakenIsClaimedLater(t *testing.T) {
	r := newRegistry(t)
	port := freePort(t)
	mine, other := checkout(t, r, "shop", t.TempDir()), checkout(t, r, "mill", t.TempDir())
	theirs := lease(t, r, other, Request{Service: "web", Fixed: port})
	l := lease(t, r, mine, Request{Service: "api", Fixed: port, Deferred: true}, Request{Service: "db"})
	defer l.Close()
	if got := l.All()[0]; got.Port != port || got.Home != port {
		t.Errorf("%+v", got)
	}
	var busy *BusyError
	if err := l.Claim("api"); !errors.As(err, &busy) || busy.Service != "api" || busy.Holder.Project != "mill" {
		t.Errorf("claimed while another run has it: %v", err)
	}
	if err := l.Claim("db"); err != nil {
		t.Error(err)
	}
	_ = theirs.Close()
	if err := l.Claim("api"); err != nil {
		t.Error(err)
	}
	if _, err := r.Lease(other, []Request{{Service: "web", Fixed: port}}); !errors.As(err, &busy) || busy.Holder.Project != "shop" {
		t.Errorf("leased though it was claimed: %v", err)
	}
	// A reload keeps what was claimed.
	next, rest, err := r.Exchange(l, mine, []Request{{Service: "api", Fixed: port}})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	_ = rest.Close()
	if _, err := r.Lease(other, []Request{{Service: "web", Fixed: port}}); !errors.As(err, &busy) {
		t.Errorf("a reload let go of it: %v", err)
	}
}
