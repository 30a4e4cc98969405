package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestNobodyThereIsNotRunning(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "run", "test.sock")
	check := func(what string) {
		t.Helper()
		if _, err := Dial(ctxOf(t), path); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("no directory")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	check("no socket")
	stale(t, path)
	check("a stale socket")

	s, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	c := dialed(t, path)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Snapshot(ctxOf(t), false); !errors.Is(err, ErrNotRunning) {
		t.Errorf("it has ended meanwhile: %v", err)
	}
}

// One that dies as it is asked is not running by the time anybody hears of it.
func TestDyingAsItIsAskedIsNotRunning(t *testing.T) {
	path := filepath.Join(shortDir(t), "test.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	go func() {
		conn, err := l.Accept()
		_ = l.Close()
		if err == nil {
			_ = conn.Close()
		}
	}()
	if _, err := Dial(ctxOf(t), path); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}

// stale leaves a socket at which nobody listens.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
}

// impostor serves path with h, as another program or another lhrun would.
func impostor(t *testing.T, h http.HandlerFunc) (path string) {
	t.Helper()
	path = filepath.Join(shortDir(t), "test.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return path
}

func TestTwoVersionsSaySoPlainly(t *testing.T) {
	path := impostor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerProtocol, "2")
		w.Header().Set(headerVersion, "v2.3.4")
		w.Header().Set(headerPID, "4242")
		w.WriteHeader(http.StatusTeapot)
	})
	_, err := Dial(ctxOf(t), path)
	var v *VersionError
	if !errors.As(err, &v) {
		t.Fatal(err)
	}
	if v.PID != os.Getpid() && v.PID != 4242 { // The kernel knows better, where it tells.
		t.Errorf("the pid is %d", v.PID)
	}
	for _, want := range []string{
		`run by lhrun "v2.3.4" (protocol "2"), pid`, "this lhrun " + ownVersion() + " (protocol 1) cannot talk",
		fmt.Sprintf(`end it with "kill %d"`, v.PID),
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestAnotherProgramOnTheSocketIsToldApart(t *testing.T) {
	path := impostor(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "welcome to nginx") })
	if _, err := Dial(ctxOf(t), path); err == nil || !strings.Contains(err.Error(), "is no lhrun") {
		t.Error(err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	// One that is stopped: the kernel takes connections, nobody answers.
	path := filepath.Join(shortDir(t), "test.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := Dial(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if took := time.Since(begin); took > dialPatience/2 {
		t.Errorf("it took %s", took)
	}
}

// TestAKilledServerIsToldFromAnEnd: in the midst of a stream the other process is
// killed.
func TestAKilledServerIsToldFromAnEnd(t *testing.T) {
	path := filepath.Join(shortDir(t), "run", "test.sock")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleVar+"=serve "+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	c := dialed(t, path)
	ended := make(chan error, 2)
	going := make(chan struct{}, 2)
	go func() {
		ended <- c.Events(t.Context(), 0, func(Event) error { going <- struct{}{}; return nil })
	}()
	go func() {
		ended <- c.Logs(t.Context(), LogQuery{Follow: true}, func(LogLine) error { going <- struct{}{}; return nil })
	}()
	<-going
	<-going
	_ = cmd.Process.Kill()
	want := "lhrun ended unexpectedly"
	if c.pid.Load() != 0 { // Not every system tells it.
		want = fmt.Sprintf("lhrun (pid %d) ended unexpectedly", cmd.Process.Pid)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
	if _, err := Dial(ctxOf(t), path); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
	// What it has left is healed.
	s, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAStreamEndsWithItsContext(t *testing.T) {
	path := serve(t, &fake{logs: func(ctx context.Context, _ LogQuery, _ func(LogLine) error) error {
		<-ctx.Done()
		return nil
	}})
	c := dialed(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- c.Events(ctx, 0, func(Event) error { return nil }) }()
	go func() { ended <- c.Logs(ctx, LogQuery{Follow: true}, func(LogLine) error { return nil }) }()
	time.AfterFunc(20*time.Millisecond, cancel)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestTheClosingServerEndsItsStreams(t *testing.T) {
	path := filepath.Join(shortDir(t), "run", "test.sock")
	going := make(chan struct{})
	s, err := Listen(path, &fake{events: func(ctx context.Context, _ uint64, _ func(Event) error) error {
		close(going)
		<-ctx.Done()
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := dialed(t, path)
	ended := make(chan error, 1)
	go func() { ended <- c.Events(t.Context(), 0, func(Event) error { return nil }) }()
	<-going
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrLost) {
		t.Error(err)
	}
}

// TestALineThatWasCutOffIsNoLine: it is a sign of a death, not of another version.
func TestALineThatWasCutOffIsNoLine(t *testing.T) {
	path := impostor(t, func(w http.ResponseWriter, r *http.Request) {
		introduce(w.Header())
		if r.URL.Path == pathHello {
			fmt.Fprintln(w, "{}")
			return
		}
		fmt.Fprint(w, `{"service":"api","text":"one"}`+"\n"+`{"service":"api","te`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	c := dialed(t, path)
	n := 0
	err := c.Logs(ctxOf(t), LogQuery{}, func(LogLine) error { n++; return nil })
	if !errors.Is(err, ErrLost) || n != 1 {
		t.Errorf("%d lines, %v", n, err)
	}
}

// TestClosingDoesNotWaitForWhatIsStuck: a supervisor that never began to run.
func TestClosingDoesNotWaitForWhatIsStuck(t *testing.T) {
	stuck, release := make(chan struct{}), make(chan struct{})
	most := usualLimits()
	most.closing, most.stall = 20*time.Millisecond, 20*time.Millisecond
	path := filepath.Join(shortDir(t), "test.sock")
	s, err := listenWith(path, &fake{ask: func(Request) (Answer, error) {
		close(stuck)
		<-release
		return Answer{}, nil
	}}, most)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	c := dialed(t, path)
	go func() {
		_, err := c.Ask(ctxOf(t), Request{Verb: VerbDown})
		done <- err
	}()
	<-stuck
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-done; !errors.Is(err, ErrLost) {
		t.Error(err)
	}
}

// TestClosingWaitsForItsRequests, so that what they use can be taken away then.
func TestClosingWaitsForItsRequests(t *testing.T) {
	path := filepath.Join(shortDir(t), "test.sock")
	begun := make(chan struct{})
	var left atomic.Bool
	s, err := Listen(path, &fake{events: func(ctx context.Context, _ uint64, _ func(Event) error) error {
		close(begun)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		left.Store(true)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := dialed(t, path)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Events(t.Context(), 0, func(Event) error { return nil })
	}()
	<-begun
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !left.Load() {
		t.Error("a request is still at work")
	}
	<-done
}
