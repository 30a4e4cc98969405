package ports

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

func benchRegistry(b *testing.B, checkouts int) (*Registry, Checkout, []Request) {
	b.Helper()
	r, err := Open(Options{StateDir: b.TempDir(), Range: testRange})
	if err != nil {
		b.Fatal(err)
	}
	q := benchRequests()
	var c Checkout
	for range checkouts {
		if c, err = r.Checkout("shop", b.TempDir()); err != nil {
			b.Fatal(err)
		}
		if _, err = r.Lookup(c, q); err != nil {
			b.Fatal(err)
		}
	}
	return r, c, q
}

func benchRequests() (q []Request) {
	for i := range 20 {
		q = append(q, Request{Service: fmt.Sprint("service", i)})
	}
	return q
}

func benchLease(b *testing.B, checkouts int) {
	r, c, q := benchRegistry(b, checkouts)
	b.ReportAllocs()
	for b.Loop() {
		l, err := r.Lease(c, q)
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}

func BenchmarkLease20(b *testing.B)                  { benchLease(b, 1) }
func BenchmarkLease20BesideFiftyOthers(b *testing.B) { benchLease(b, 50) }

// BenchmarkFirstLease20 chooses and writes as well.
func BenchmarkFirstLease20(b *testing.B) {
	r, c, q := benchRegistry(b, 1)
	for b.Loop() {
		os.Remove(r.store.path(registryName))
		l, err := r.Lease(c, q)
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}

// BenchmarkNewLeases is the two rows of the figures about new leases: 20 ports of a
// new checkout, leased by one process and by fifty at once. slowest-ms is what the
// slowest process of a round took, in the median round.
func BenchmarkNewLeases(b *testing.B) {
	for _, processes := range []int{1, 50} {
		b.Run(fmt.Sprint(processes), func(b *testing.B) {
			var slowest []float64
			for b.Loop() {
				slowest = append(slowest, newLeases(b, processes).Seconds()*1000)
			}
			slices.Sort(slowest)
			b.ReportMetric(slowest[len(slowest)/2], "slowest-ms")
		})
	}
}

func newLeases(b *testing.B, processes int) (slowest time.Duration) {
	o := order{StateDir: filepath.Join(b.TempDir(), "state"), Project: "shop", Requests: benchRequests()}
	runs, orders := make([]*child, processes), make([]string, processes)
	for i := range runs {
		o.Dir = b.TempDir()
		text, err := json.Marshal(o)
		if err != nil {
			b.Fatal(err)
		}
		runs[i], orders[i] = spawn(b, "timed"), string(text)
	}
	for _, run := range runs {
		if line := run.hear(); line != "waiting" {
			b.Fatal(line)
		}
	}
	for i, run := range runs {
		run.say(orders[i])
	}
	for _, run := range runs {
		took, err := strconv.ParseInt(run.hear(), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		slowest = max(slowest, time.Duration(took))
	}
	for _, run := range runs {
		run.kill()
	}
	return slowest
}

// BenchmarkPortOfAScript is what `lhrun port api` asks of this package.
func BenchmarkPortOfAScript(b *testing.B) {
	r, c, q := benchRegistry(b, 10)
	dir := r.store.dir
	for b.Loop() {
		r, err := Open(Options{StateDir: dir, Range: testRange})
		if err != nil {
			b.Fatal(err)
		}
		if c, err = r.Checkout("shop", c.Dir); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Lookup(c, q[:1]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFree(b *testing.B) {
	for b.Loop() {
		if err := Free(19999); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWho(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for b.Loop() {
		if who, err := Who(port); err != nil || len(who) != 1 {
			b.Fatal(who, err)
		}
	}
}

// BenchmarkLook is one look of a watcher at which nothing is new.
func BenchmarkLook(b *testing.B) {
	t := newTable()
	defer t.close()
	w := &Watcher{table: t, sockets: map[Listener]*knownSocket{}}
	var watches []*Watch
	for range 50 {
		watches = append(watches, &Watch{watcher: w, target: Target{Tree: func() []int { return nil }}})
	}
	b.ReportAllocs()
	for b.Loop() {
		w.tick(watches, time.Now())
	}
}
