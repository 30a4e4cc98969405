//go:build !portable

package ports

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Somebody listens on all names of leases, and says nothing.
func TestWhoLeasesEverythingIsNamedSoon(t *testing.T) {
	first := freePort(t)
	o := Options{StateDir: t.TempDir(), Range: Range{first, first + 40}}
	for port := o.Range.First; port <= o.Range.Last; port++ {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketPrefix + strconv.Itoa(port), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	c := checkout(t, r, "shop", t.TempDir())
	for name, ask := range map[string]func() error{
		"Lookup": func() error { _, err := r.Lookup(c, services("api", "web")); return err },
		"Lease":  func() error { _, err := r.Lease(c, services("api", "web")); return err },
	} {
		began := time.Now()
		var exhausted *ExhaustedError
		if err := ask(); !errors.As(err, &exhausted) {
			t.Fatalf("%s: %v", name, err)
		}
		if exhausted.Leased != 41 || exhausted.Holder.PID != os.Getpid() ||
			!strings.Contains(exhausted.Error(), "41 are leased, as by pid "+strconv.Itoa(os.Getpid())) {
			t.Errorf("%s: %v", name, exhausted)
		}
		// One question to a holder that does not answer takes busyPatience.
		if took := time.Since(began); took > 3*busyPatience {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestWhoAsksInALoopIsAnsweredSoManyTimesASecond(t *testing.T) {
	port := freePort(t)
	k := sockets{&limiter{}}
	h, err := k.hold(port, identity{"shop", "main", "api", "", "/src/shop", os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	answered := 0
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		conn, err := net.Dial("unix", socketPrefix+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if n, _ := conn.Read(make([]byte, longestIdentity)); n > 0 {
			answered++
		}
		conn.Close()
	}
	if answered > 4*answersPerSecond {
		t.Errorf("%d answers in two seconds", answered)
	}
	time.Sleep(time.Second)
	if who, held := k.holder(port); !held || who.Project != "shop" {
		t.Errorf("afterwards it is %+v, %v", who, held)
	}
}
