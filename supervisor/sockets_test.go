//go:build unix

package supervisor

import (
	"context"
	"net"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// listening is a supervisor in real time whose one service has a socket.
type listening struct {
	*Supervisor
	t    *testing.T
	fake *fakePlatform
}

func newListening(t *testing.T, svc Service) listening {
	t.Helper()
	fake := newFake()
	s, err := newSupervisor(Options{Services: []Service{svc}}, fake)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	if err := s.alone(VerbStart); err != nil {
		t.Fatal(err)
	}
	return listening{s, t, fake}
}

func (l listening) await(what string, ok func(Status) bool) {
	l.t.Helper()
	for limit := time.Now().Add(time.Minute); !ok(l.Snapshot()[0]); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			l.t.Fatalf("never: %s: %+v", what, l.Snapshot()[0])
		}
	}
}

func (l listening) started(n int) {
	l.t.Helper()
	l.await("start number "+strconv.Itoa(n), func(st Status) bool { return st.State == StateReady && st.Restarts == n-1 })
}

func connects(port int) bool {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func withSocket(port int) Service {
	return Service{Name: "api", Command: []string{"api"}, Port: port, Listen: true}
}

func TestASocketIsOpenWhileItsServiceRestartsAndClosedWhenItIsStopped(t *testing.T) {
	port := freePort(t)
	l := newListening(t, withSocket(port))
	l.fake.stops["api"] = 50 * time.Millisecond
	l.started(1)
	if err := l.alone(VerbRestart, "api"); err != nil {
		t.Fatal(err)
	}
	for l.Snapshot()[0].Restarts == 0 || l.Snapshot()[0].State != StateReady {
		if !connects(port) {
			t.Fatalf("refused while it is %s", l.Snapshot()[0].State)
		}
		time.Sleep(time.Millisecond) // Nobody accepts: a full queue would hold the next one up.
	}
	if err := l.alone(VerbStop, "api"); err != nil {
		t.Fatal(err)
	}
	l.await("stopped", func(st Status) bool { return st.State == StateStopped })
	if connects(port) {
		t.Error("the port of a stopped service is open")
	}
}

func TestAReloadThatChangesThePortOpensTheNewOneAndClosesTheOld(t *testing.T) {
	first, second := freePort(t), freePort(t)
	l := newListening(t, withSocket(first))
	l.started(1)
	if _, err := l.Apply(Reload{Services: []Service{withSocket(second)}, Restart: []string{"api"}}); err != nil {
		t.Fatal(err)
	}
	l.started(2)
	if !connects(second) || connects(first) {
		t.Errorf("old port open: %v, new port open: %v", connects(first), connects(second))
	}
}

func TestASocketThatItsServiceHasShutDownIsOpenedAgain(t *testing.T) {
	port := freePort(t)
	l := newListening(t, withSocket(port))
	l.started(1)
	fd := int(l.fake.command("api").Files[0].Fd())
	if err := syscall.Shutdown(fd, syscall.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	if connects(port) {
		t.Fatal("it still listens")
	}
	if err := l.alone(VerbRestart, "api"); err != nil {
		t.Fatal(err)
	}
	l.started(2)
	if !connects(port) {
		t.Error("refused after a restart")
	}
}

func TestAServiceGetsItsSocketsInOrder(t *testing.T) {
	svc := withSocket(freePort(t))
	svc.Ports = map[string]int{"metrics": freePort(t), "debug": freePort(t)}
	l := newListening(t, svc)
	l.started(1)
	cmd := l.fake.command("api")
	want := []int{svc.Port, svc.Ports["debug"], svc.Ports["metrics"]}
	if len(cmd.Files) != len(want) || cmd.PIDVar != "LISTEN_PID" {
		t.Fatalf("%d files, pid in %q", len(cmd.Files), cmd.PIDVar)
	}
	for i, f := range cmd.Files {
		addr, err := syscall.Getsockname(int(f.Fd()))
		if in, ok := addr.(*syscall.SockaddrInet4); err != nil || !ok || in.Port != want[i] {
			t.Errorf("descriptor %d is %+v, want port %d", 3+i, addr, want[i])
		}
	}
	for _, want := range []string{"LISTEN_FDS=3", "LISTEN_FDNAMES=main:debug:metrics"} {
		if !slices.Contains(cmd.Env, want) {
			t.Errorf("no %s in %q", want, cmd.Env)
		}
	}
}
