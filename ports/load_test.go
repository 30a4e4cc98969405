package ports

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestAllPortsOfARangeUsedUpIsAClearEnd: five thousand with LHRUN_LOAD=full.
func TestAllPortsOfARangeUsedUpIsAClearEnd(t *testing.T) {
	n := 300
	if os.Getenv("LHRUN_LOAD") == "full" {
		n = 5000
	}
	r := newRegistry(t)
	r.rng = Range{11000, 11000 + n - 1}
	var names []string
	for i := range n / 10 {
		names = append(names, fmt.Sprintf("s%d", i))
	}
	began, used, held := time.Now(), map[int]bool{}, []*Leases{}
	var err error
	for range 11 {
		var leases *Leases
		if leases, err = r.Lease(checkout(t, r, "shop", t.TempDir()), services(names...)); err != nil {
			break
		}
		held = append(held, leases)
		for _, l := range leases.All() {
			if used[l.Port] {
				t.Fatalf("port %d is given out twice", l.Port)
			}
			used[l.Port] = true
		}
	}
	want := fmt.Sprintf("no port is left in %s", r.rng)
	if err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Fatalf("after %d ports: %v", len(used), err)
	}
	t.Logf("%d ports in %v, then: %v", len(used), time.Since(began), err)
	if len(used) < 8*n/10 {
		t.Errorf("only %d of %d were given out", len(used), n)
	}
	// What failed holds nothing, and what is given back is there again.
	for _, leases := range held {
		if err := leases.Close(); err != nil {
			t.Error(err)
		}
	}
	ports, err := r.locks.held()
	if err != nil {
		t.Skip(err)
	}
	for _, port := range ports {
		if r.rng.contains(port) && used[port] {
			t.Errorf("port %d is still held", port)
		}
	}
}
