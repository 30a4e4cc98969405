package ports

import (
	"runtime"
	"testing"
)

func TestReadersShareTheRegistryAndLeaveItAsItIs(t *testing.T) {
	r := newRegistry(t, t.TempDir())
	dir := t.TempDir()
	c := checkout(t, r, "shop", dir)
	leaseOnce(t, r, c, services("api", "web")...)
	first, err := r.store.read()
	if err != nil {
		t.Fatal(err)
	}
	before := text(t, first)
	for range 2 {
		if _, err := r.Checkout("shop", dir); err != nil {
			t.Error(err)
		}
		if _, err := r.Lookup(c, services("api", "worker", "db")); err != nil {
			t.Error(err)
		}
		if _, err := r.Entries(); err != nil {
			t.Error(err)
		}
		r.Runs(c, services("api", "queue"))
		leaseOnce(t, r, c, services("api", "mail")...)
	}
	if after := text(t, first); after != before {
		t.Errorf("a reader changed\n%sto\n%s", before, after)
	}
	second, err := r.store.read()
	if err != nil || second == first || second.find("shop", dir).find(Request{Service: "mail"}) == nil {
		t.Errorf("a change is not seen, %v: %+v", err, second)
	}
	if third, err := r.store.read(); err != nil || third != second {
		t.Errorf("the same file was parsed twice, %v", err)
	}
	runtime.KeepAlive(second)
	if own, err := r.store.load(); err != nil || own == second {
		t.Errorf("who may change the registry shares it with readers, %v", err)
	}
}
