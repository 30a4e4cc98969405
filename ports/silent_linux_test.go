package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lhrun/lhrun/internal/systems"
)

// timeWait leaves port in TIME_WAIT, as a server that does not set SO_REUSEADDR does
// when it closes its connections first.
func timeWait(t *testing.T, port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, loopback4(port)), unix.Listen(fd, 1)); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp4", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, _, err := unix.Accept(fd)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(conn)
	_, _ = client.Read(make([]byte, 1))
	client.Close()
}

func loopback4(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

// homeOf leases the port of c's api and gives it back.
func homeOf(t *testing.T, r *Registry, c Checkout) int {
	l := lease(t, r, c, Request{Service: "api"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.All()[0].Port
}

func busyHolder(t *testing.T, port int) Holder {
	t.Helper()
	var busy *BusyError
	if err := Free(port); !errors.As(err, &busy) {
		t.Fatalf("Free says %v", err)
	}
	return busy.Holder
}

func TestAPortInTimeWaitSaysForHowLong(t *testing.T) {
	systems.Need(t, systems.Silent)
	port := freePort(t)
	timeWait(t, port)
	h := busyHolder(t, port)
	if h.TimeWait <= 0 || h.TimeWait > 2*time.Minute {
		t.Fatalf("the holder is %+v", h)
	}
	if err := Free(port); !strings.Contains(err.Error(), fmt.Sprintf("port %d is in TIME_WAIT, free in ", port)) {
		t.Error(err)
	}
	if !leasable(port) {
		t.Error("it cannot be leased")
	}
}

func TestAPortInTimeWaitStaysAtHome(t *testing.T) {
	systems.Need(t, systems.Silent)
	r := newRegistry(t)
	c := checkout(t, r, fmt.Sprint("lingering-", time.Now().UnixNano()), t.TempDir())
	port := homeOf(t, r, c)
	timeWait(t, port)
	l := lease(t, r, c, Request{Service: "api"})
	defer l.Close()
	if got := l.All()[0]; got.Port != port {
		t.Errorf("it moved: %s", got)
	}
}

func TestAPortThatIsOnlyBoundIsTaken(t *testing.T) {
	port := freePort(t)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, loopback4(port)); err != nil {
		t.Fatal(err)
	}
	h := busyHolder(t, port)
	if !h.Silent || h.TimeWait != 0 || h.PID != 0 && h.PID != os.Getpid() { // Old kernels do not list it.
		t.Errorf("the holder is %+v", h)
	}
	if leasable(port) {
		t.Error("it can be leased")
	}
}

func TestTheEndOfAnOutgoingConnectionIsNamed(t *testing.T) {
	systems.Need(t, systems.Silent)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h := busyHolder(t, conn.LocalAddr().(*net.TCPAddr).Port)
	if !h.Silent || h.PID != os.Getpid() {
		t.Errorf("the holder is %+v", h)
	}
	if text := h.String(); !strings.HasSuffix(text, ", which does not listen on it") {
		t.Error(text)
	}
}

func TestWhoMovesAsideForASilentHolderIsToldSo(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "silent", t.TempDir())
	port := homeOf(t, r, c)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, loopback4(port)); err != nil {
		t.Fatal(err)
	}
	l := lease(t, r, c, Request{Service: "api"})
	defer l.Close()
	if got := l.All()[0]; got.Port == port || got.Holder == nil || !got.Holder.Silent {
		t.Errorf("got %+v", got)
	}
}

// A listener on another loopback address is in nobody's way.
func TestAListenerOnAnotherLoopbackAddressIsNoStranger(t *testing.T) {
	w := newWatcher(t)
	port := freePort(t)
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Skip("there is no 127.0.0.2 here:", err)
	}
	defer l.Close()
	if err := Free(port); err != nil {
		t.Error(err)
	}
	c := spawn(t, "listen")
	calls, _ := watchTree(t, w, []int{port}, c.pid())
	time.Sleep(20 * strangerTries * retryPause)
	c.listen(loopback(port))
	if got := next(t, calls); got.holder != nil || got.addr.String() != loopback(port) {
		t.Errorf("told %+v", got)
	}
}
