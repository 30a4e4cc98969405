package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// hosts are the addresses that make a port busy for a loopback service.
var hosts = []string{"127.0.0.1", "0.0.0.0", "[::1]", "[::]"}

func TestEveryKindOfListenerIsSeenAndNamed(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			if strings.HasPrefix(host, "[") && !hasIPv6() {
				t.Skip("no IPv6 here")
			}
			port := freePort(t)
			if err := Free(port); err != nil {
				t.Fatal(err)
			}
			if who, err := Who(port); err != nil || len(who) != 0 {
				t.Errorf("nobody is %v, %v", who, err)
			}
			squatter := squat(t, fmt.Sprintf("%s:%d", host, port))
			var busy *BusyError
			if err := Free(port); !errors.As(err, &busy) || busy.Port != port || busy.Holder.PID != squatter.pid() {
				t.Errorf("Free says %v, want pid %d", err, squatter.pid())
			}
			if who, err := Who(port); err != nil || len(who) != 1 || who[0].PID != squatter.pid() || who[0].Command == "" {
				t.Errorf("it is %v, %v, want pid %d", who, err, squatter.pid())
			}
			squatter.kill()
			if err := Free(port); err != nil {
				t.Errorf("after the squatter: %v", err)
			}
		})
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

func TestListenerOnAnotherAddressIsInNobodysWay(t *testing.T) {
	host := outerAddress()
	if host == "" {
		t.Skip("this machine has no address but loopback")
	}
	port := freePort(t)
	l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		t.Skip("cannot listen on the outer address:", err)
	}
	defer l.Close()
	if err := Free(port); err != nil {
		t.Errorf("%s is in the way of loopback: %v", host, err)
	}
	if who, err := Who(port); err != nil || len(who) != 1 || who[0].PID != os.Getpid() {
		t.Errorf("it is %v, %v", who, err)
	}
}

func outerAddress() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	return ""
}

func TestPrivilegedPortCanBeAskedFor(t *testing.T) {
	err := Free(7) // whoever runs an echo server is named, nobody else is told of
	var busy *BusyError
	if err != nil && !errors.As(err, &busy) {
		t.Error(err)
	}
}

func TestProcessOfAServiceIsNamedByItsProject(t *testing.T) {
	port := freePort(t)
	squatter := squat(t, loopback(port), "LHRUN_PROJECT=shop", "LHRUN_INSTANCE=feature-x", "LHRUN_SERVICE=api", "LHRUN_DIR=/src/shop")
	who, err := Who(port)
	if err != nil || len(who) != 1 {
		t.Fatalf("it is %v, %v", who, err)
	}
	if want := fmt.Sprintf(`lhrun project "shop" (instance feature-x, service api), pid %d`, squatter.pid()); who[0].String() != want || who[0].Dir != "/src/shop" {
		t.Errorf("it is %v, want %s", who[0], want)
	}
}

func TestMineIsAnyProcessOfThisUser(t *testing.T) {
	port := freePort(t)
	if err := Mine(port); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody listens, and it says %v", err)
	}
	c := spawn(t, "listen")
	c.listen(fmt.Sprintf("127.0.0.1:%d", port))
	if err := Mine(port); err != nil {
		t.Error(err)
	}
}

func TestAPortForWhatRunsOutsideMayBeInUse(t *testing.T) {
	r, c := newRegistry(t), Checkout{Project: "shop", Instance: "main", Dir: t.TempDir()}
	automatic, fixed := Request{Service: "a", Outside: true}, Request{Service: "f", Fixed: freePort(t), Outside: true}
	known, err := r.Lookup(c, []Request{automatic, fixed})
	if err != nil {
		t.Fatal(err)
	}
	child := spawn(t, "listen")
	for _, l := range known {
		child.listen(fmt.Sprintf("127.0.0.1:%d", l.Port))
	}
	held, err := r.Lease(c, []Request{automatic, fixed})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if all := held.All(); all[0].Port != known[0].Port || all[1].Port != fixed.Fixed {
		t.Errorf("they moved aside: %+v", all)
	}
	// Another checkout may use the fixed one as well, and what lhrun starts may not.
	other := Checkout{Project: "shop", Instance: "b", Dir: t.TempDir()}
	both, err := r.Lease(other, []Request{fixed})
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	own := fixed
	own.Outside = false
	if _, _, err := r.Exchange(both, other, []Request{own}); err == nil {
		t.Error("a service that lhrun starts has the port of what runs outside")
	}
}
