package ports

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// start begins a run in a process of its own.
func start(t *testing.T, o order) *child {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := spawn(t, "run")
	c.say(string(text))
	return c
}

// leases waits until the run has them.
func (c *child) leases() (out []Lease) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.hear()), &out); err != nil {
		c.t.Fatal(err)
	}
	if line := c.hear(); line != "ready" {
		c.t.Fatalf("got %q", line)
	}
	return out
}

func TestThirtyCheckoutsAtOnceHalfOfThemKilledShareAndMoveNothing(t *testing.T) {
	const checkouts, rounds = 30, 3
	base := order{StateDir: t.TempDir(), Project: "crowd", Range: testRange, Requests: services("a", "b", "c", "d", "e", "f", "g", "h")}
	dirs := make([]string, checkouts)
	for i := range dirs {
		dirs[i] = t.TempDir()
	}
	homes := map[string]int{}
	for round := range rounds {
		runs := make([]*child, checkouts)
		for i := range runs {
			o := base
			o.Dir = dirs[i]
			runs[i] = start(t, o)
		}
		owner, aside := map[int]string{}, []Lease{}
		for i, run := range runs {
			for _, l := range run.leases() {
				key := fmt.Sprint(i, l.Service)
				if other, ok := owner[l.Port]; ok {
					t.Errorf("round %d: %s and %s share %d", round, other, key, l.Port)
				}
				owner[l.Port] = key
				if homes[key] != 0 && homes[key] != l.Home {
					t.Errorf("round %d: %s moved from %d to %d", round, key, homes[key], l.Home)
				}
				homes[key] = l.Home
				if l.Port != l.Home {
					aside = append(aside, l)
				}
			}
		}
		// Others' tests may sit in the range, and may have gone again; none of these may.
		for _, l := range aside {
			if l.Holder != nil && slices.Contains(dirs, l.Holder.Dir) {
				t.Errorf("round %d: %+v is aside for %+v", round, l, *l.Holder)
			}
		}
		if len(aside) > 10 {
			t.Errorf("round %d: %d are not at home: %+v", round, len(aside), aside)
		}
		if len(owner) != checkouts*8 {
			t.Errorf("round %d: %d ports", round, len(owner))
		}
		var wg sync.WaitGroup
		for i, run := range runs {
			wg.Go(func() {
				if i%2 == round%2 {
					run.kill()
				} else {
					run.in.Close() // it ends by itself
					run.cmd.Wait()
				}
			})
		}
		wg.Wait()
	}
}

func TestLeasesOfAKilledProcessAreFreeAtOnce(t *testing.T) {
	for _, flock := range []bool{false, true} {
		o := order{StateDir: t.TempDir(), Project: "shop", Dir: t.TempDir(), Range: testRange, Flock: flock, Requests: services("a", "b")}
		first := start(t, o)
		before := first.leases()

		second := start(t, o)
		for i, l := range second.leases() {
			if l.Home != before[i].Port || l.Port == l.Home || l.Holder == nil {
				t.Errorf("beside a live run: %+v", l)
			} else if h := *l.Holder; h.PID != first.pid() || h.Project != "shop" || h.Service != l.Service || h.Dir != o.Dir {
				t.Errorf("the holder is %+v", h)
			}
		}
		second.kill()
		first.kill()
		for i, l := range start(t, o).leases() {
			if l.Port != before[i].Port {
				t.Errorf("after the kill %s is on %d, was on %d", l.Service, l.Port, before[i].Port)
			}
		}
	}
}
