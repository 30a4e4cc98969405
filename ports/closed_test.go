package ports

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestAClosedListenerIsToldAfterTwoSeconds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hidden[2] = true
		w.add("api", []int{8000, 8001}, 1).Settle()
		w.add("web", []int{9000}, 2).Settle()
		main, other := w.open(1, "127.0.0.1:8000", 1), w.open(1, "127.0.0.1:3000", 2)
		hidden := w.open(2, "127.0.0.1:9000", 3)
		w.expect(t, time.Second, "api opened 127.0.0.1:8000", "api opened 127.0.0.1:3000", "web opened 127.0.0.1:9000")
		w.shut(main)
		w.shut(other) // Nobody expects it there.
		w.shut(hidden)
		w.expect(t, ClosedAfter)
		w.expect(t, idlePause+longPause, "api closed 127.0.0.1:8000", "web closed 127.0.0.1:9000")
		w.expect(t, time.Minute)
	})
}

func TestAListenerThatComesBackInTimeWasNotClosed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1).Settle()
		l := w.open(1, "127.0.0.1:8000", 1)
		w.expect(t, time.Second, "api opened 127.0.0.1:8000")
		w.shut(l)
		time.Sleep(ClosedAfter - 100*time.Millisecond)
		w.open(1, "127.0.0.1:8000", 1) // A system without numbers of sockets shows the same one.
		w.expect(t, time.Minute, "api opened 127.0.0.1:8000")
	})
}

// The watcher hears at its next look that a service listens anew, and looks sooner for
// that in the first seconds only.
func TestLooksForAClosedListenerGetRareAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1).Settle()
		l := w.open(1, "127.0.0.1:8000", 1)
		w.expect(t, 10*time.Second, "api opened 127.0.0.1:8000")
		w.shut(l)
		before, _ := w.count()
		w.expect(t, 4*time.Second, "api closed 127.0.0.1:8000")
		if after, _ := w.count(); after-before > 40 {
			t.Errorf("%d looks after the close", after-before)
		}
		before, _ = w.count()
		time.Sleep(10 * idlePause)
		if after, _ := w.count(); after-before > 11 {
			t.Errorf("%d looks in %v at rest", after-before, 10*idlePause)
		}
		w.open(1, "127.0.0.1:8000", 2)
		w.expect(t, idlePause, "api opened 127.0.0.1:8000")
	})
}

func TestWhatIsNoProcessClosesToo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := w.open(7, "127.0.0.1:8000", 1)
		var closed []Listener
		w.w.Add(Target{
			Ports:  []int{8000},
			Owns:   func(s Listener) bool { return s == l },
			Closed: func(s Listener) { closed = append(closed, s) },
		})
		time.Sleep(time.Second)
		w.shut(l)
		time.Sleep(ClosedAfter + idlePause + longPause)
		synctest.Wait()
		if len(closed) != 1 || closed[0] != l {
			t.Errorf("closed %v", closed)
		}
	})
}

func TestWhatAListenerReaches(t *testing.T) {
	for _, c := range []struct {
		addr, host string
		v6Only     bool
		want       bool
	}{
		{"127.0.0.1:1", "127.0.0.1", false, true},
		{"127.0.0.1:1", "::1", false, false},
		{"127.0.0.2:1", "127.0.0.1", false, false},
		{"[::1]:1", "127.0.0.1", false, false},
		{"[::1]:1", "::1", false, true},
		{"0.0.0.0:1", "127.0.0.1", false, true},
		{"0.0.0.0:1", "::1", false, false},
		{"[::]:1", "127.0.0.1", false, true},
		{"[::]:1", "127.0.0.1", true, false},
		{"[::]:1", "::1", true, true},
		{"192.168.1.2:1", "127.0.0.1", false, false},
		{"[::1]:1", "localhost", false, true},
		{"[::1]:1", "0.0.0.0", false, true},
	} {
		if got := (Listener{Addr: netip.MustParseAddrPort(c.addr), V6Only: c.v6Only}).Reaches(c.host); got != c.want {
			t.Errorf("%s (v6 only %v) reaches %s: %v", c.addr, c.v6Only, c.host, got)
		}
	}
}
