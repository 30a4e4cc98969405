package ports

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"
)

// told is one call of a watcher.
type told struct {
	addr   netip.AddrPort
	holder *Holder
}

func watchTree(t *testing.T, w *Watcher, ports []int, pids ...int) (<-chan told, *Watch) {
	t.Helper()
	calls := make(chan told, 100)
	h := w.Add(Target{
		Ports:    ports,
		Tree:     func() []int { return pids },
		Opened:   func(l Listener) { calls <- told{l.Addr, nil} },
		Stranger: func(l Listener, h Holder) { calls <- told{l.Addr, &h} },
	})
	return calls, h
}

func next(t *testing.T, calls <-chan told) told {
	t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was told")
		return told{}
	}
}

func newWatcher(t *testing.T) *Watcher {
	w := NewWatcher()
	t.Cleanup(w.Close)
	return w
}

func TestWatcherSeesRealListenersWithTheirTrueAddress(t *testing.T) {
	w := newWatcher(t)
	c := spawn(t, "listen")
	port := freePort(t)
	calls, _ := watchTree(t, w, []int{port}, c.pid())
	for _, host := range hosts {
		if host[0] == '[' && !hasIPv6() {
			continue
		}
		other := freePort(t)
		for _, p := range []int{port, other} {
			addr := fmt.Sprintf("%s:%d", host, p)
			if p == port && host != "127.0.0.1" {
				continue // it is taken by the first
			}
			c.listen(addr)
			if got := next(t, calls); got.addr.String() != addr || got.holder != nil {
				t.Errorf("%s was told as %+v", addr, got)
			}
		}
	}
}

func TestWatcherSeesAGrandchildInItsOwnSession(t *testing.T) {
	w := newWatcher(t)
	c := spawn(t, "parent")
	grandchild, err := strconv.Atoi(c.hear())
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	calls, _ := watchTree(t, w, []int{port}, c.pid(), grandchild)
	c.say(loopback(port))
	if got := next(t, calls); int(got.addr.Port()) != port || got.holder != nil {
		t.Errorf("told %+v", got)
	}
}

func TestWatcherNamesAStrangerAndThenTheServiceItself(t *testing.T) {
	w := newWatcher(t)
	port := freePort(t)
	stranger := squat(t, loopback(port))
	c := spawn(t, "listen")
	calls, _ := watchTree(t, w, []int{port}, c.pid())
	if got := next(t, calls); got.holder == nil || got.holder.PID != stranger.pid() {
		t.Errorf("told %+v, want pid %d", got, stranger.pid())
	}
	stranger.kill()
	c.listen(loopback(port))
	if got := next(t, calls); got.holder != nil || int(got.addr.Port()) != port {
		t.Errorf("told %+v", got)
	}
}

func TestWatcherTellsARestartedServiceAgain(t *testing.T) {
	w := newWatcher(t)
	port := freePort(t)
	for range 3 {
		c := spawn(t, "listen")
		calls, h := watchTree(t, w, []int{port}, c.pid())
		c.listen(loopback(port))
		if got := next(t, calls); got.holder != nil {
			t.Errorf("told %+v", got)
		}
		h.Remove()
		c.kill()
	}
}

func TestWatcherFollowsManyServicesAtOnce(t *testing.T) {
	w := newWatcher(t)
	const services = 12
	calls := make([]<-chan told, services)
	children := make([]*child, services)
	ports := make([]int, services)
	for i := range services {
		ports[i] = freePort(t)
		children[i] = spawn(t, "listen")
		calls[i], _ = watchTree(t, w, ports[i:i+1], children[i].pid())
	}
	for i, c := range children {
		c.listen(loopback(ports[i]))
	}
	for i := range services {
		if got := next(t, calls[i]); got.holder != nil || int(got.addr.Port()) != ports[i] {
			t.Errorf("service %d was told %+v", i, got)
		}
	}
}

func TestWatcherFindsWhatWasOpenBeforeAdd(t *testing.T) {
	w := newWatcher(t)
	port := freePort(t)
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	calls, _ := watchTree(t, w, []int{port}, os.Getpid())
	for got := next(t, calls); int(got.addr.Port()) != port; got = next(t, calls) {
	}
}

func TestClosingAWatcherTwiceIsHarmless(t *testing.T) {
	w := NewWatcher()
	w.Close()
	w.Close()
	h := w.Add(Target{Tree: func() []int { return nil }})
	h.Settle()
	h.Remove()
}

func TestWatcherSeesThatARealListenerIsClosed(t *testing.T) {
	w := newWatcher(t)
	port := freePort(t)
	l, err := net.Listen("tcp4", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	opened, closed := make(chan Listener, 1), make(chan Listener, 1)
	w.Add(Target{
		Ports:  []int{port},
		Tree:   func() []int { return []int{os.Getpid()} },
		Opened: func(l Listener) { opened <- l },
		Closed: func(l Listener) { closed <- l },
	})
	was := <-opened
	shut := time.Now()
	l.Close()
	if got := <-closed; got != was || time.Since(shut) < ClosedAfter {
		t.Errorf("%v was closed, %v is told after %v", was, got, time.Since(shut))
	}
}
