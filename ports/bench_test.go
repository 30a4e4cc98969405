package ports

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

func benchRegistry(b *testing.B, checkouts int) (*Registry, Checkout, []Request) {
	b.Helper()
	r, err := Open(Options{StateDir: b.TempDir(), Range: testRange})
	if err != nil {
		b.Fatal(err)
	}
	var q []Request
	for i := range 20 {
		q = append(q, Request{Service: fmt.Sprint("service", i)})
	}
	var c Checkout
	for range checkouts {
		if c, err = r.Checkout("shop", b.TempDir()); err != nil {
			b.Fatal(err)
		}
		if _, err = r.Peek(c, q); err != nil {
			b.Fatal(err)
		}
	}
	return r, c, q
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
		os.Remove(r.store.path(bookFile))
		l, err := r.Lease(c, q)
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
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
		if _, err := r.Peek(c, q[:1]); err != nil {
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
	w := &Watcher{table: t, sockets: map[Listener]*sighting{}}
	var watches []*Watch
	for range 50 {
		watches = append(watches, &Watch{watcher: w, target: Target{Tree: func() []int { return nil }}})
	}
	b.ReportAllocs()
	for b.Loop() {
		w.tick(watches, time.Now())
	}
}
