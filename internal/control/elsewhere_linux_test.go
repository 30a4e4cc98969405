package control

import (
	"net"
	"os"
	"slices"
	"testing"

	"github.com/lhrun/lhrun/ports"
)

// TestNothingOfThisRunIsAServiceOfElsewhere, although a program that has started lhrun may
// be one, and nothing is that descends from a manager of services.
func TestNothingOfThisRunIsAServiceOfElsewhere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if pids, err := elsewhereTree(Service{Port: l.Addr().(*net.TCPAddr).Port}); err != nil || len(pids) != 0 {
		t.Errorf("of this process: %v, %v", pids, err)
	}
	if !slices.Contains(membersOf(os.Getppid()), os.Getpid()) {
		t.Skip("no /proc here")
	}
	for _, h := range []ports.Holder{{PID: 1, Program: "init"}, {PID: os.Getppid(), Program: "systemd"}} {
		if got := treeOf(h); !slices.Equal(got, []int{h.PID}) {
			t.Errorf("%+v: %v", h, got)
		}
	}
}
