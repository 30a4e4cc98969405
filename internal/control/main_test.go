package control

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lhrun/lhrun/supervisor"
)

// roleVar makes the test binary a service of a test, or another user.
const roleVar = "CONTROL_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		play(role)
		return
	}
	goleak.VerifyTestMain(m)
}

func play(role string) {
	role, arg, _ := strings.Cut(role, " ")
	switch role {
	case "idle":
		fmt.Println("ready")
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGTERM)
		<-end
		fmt.Print("bye")
	case "answer": // a question on a terminal, and what was answered
		var answer string
		fmt.Print("sure? ")
		_, _ = fmt.Scan(&answer)
		fmt.Printf("so it is %s\n", answer)
		select {}
	case "try":
		tryRole(arg)
	case "serve": // a lhrun that is going to be killed
		_, err := Listen(arg, &fake{
			events: func(ctx context.Context, _ uint64, each func(Event) error) error {
				defer func() { <-ctx.Done() }()
				return each(Event{Seq: 1})
			},
			logs: func(ctx context.Context, _ LogQuery, each func(LogLine) error) error {
				defer func() { <-ctx.Done() }()
				return each(LogLine{Text: "hello"})
			},
		})
		fmt.Println("ready", err)
		select {}
	case "lines":
		var n int
		_, _ = fmt.Sscan(arg, &n)
		w := bufio.NewWriter(os.Stdout)
		for i := range n {
			fmt.Fprintf(w, "line %d\n", i)
		}
		_ = w.Flush()
	}
}

// patience is for what comes at once, on a machine that does much else.
const patience = time.Minute

// house is a project that runs, with its socket.
type house struct {
	*Local
	t        *testing.T
	sup      *supervisor.Supervisor
	dir      string
	path     string
	server   *Server
	down     context.CancelFunc
	ended    chan struct{}
	services []supervisor.Service
}

func service(role string, name string, needs ...string) supervisor.Service {
	exe, _ := os.Executable()
	s := supervisor.Service{
		Name: name, Command: []string{exe}, Env: []string{roleVar + "=" + role},
		Ready: supervisor.Probe{Kind: supervisor.ProbeNone},
	}
	for _, n := range needs {
		s.DependsOn = append(s.DependsOn, supervisor.Dependency{Name: n})
	}
	return s
}

func task(role string, name string, needs ...string) supervisor.Service {
	s := service(role, name, needs...)
	s.Task = true
	return s
}

// build runs services, none of them started, and serves them.
func build(t *testing.T, services ...supervisor.Service) *house {
	t.Helper()
	h := &house{t: t, services: services, dir: shortDir(t), ended: make(chan struct{})}
	h.path = filepath.Join(h.dir, "run", "test.sock")
	logs := filepath.Join(h.dir, "logs")
	sup, err := supervisor.New(supervisor.Options{Services: services, LogDir: logs})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.sup, h.down = sup, cancel
	h.Local = NewLocal(LocalOptions{
		Supervisor: sup, LogDir: logs, Down: func(bool) { cancel() },
		About: Snapshot{Project: "shop", Instance: "main", Dir: "/src/shop", PID: os.Getpid(), Version: "v1"},
	})
	go func() {
		defer close(h.ended)
		if err := sup.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-h.ended
		if h.server != nil {
			if err := h.server.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if h.server, err = Listen(h.path, h.Local); err != nil {
		t.Fatal(err)
	}
	return h
}

// shortDir is a temporary directory whose path leaves room for a socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (h *house) dial() *Client {
	h.t.Helper()
	c, err := Dial(h.t.Context(), h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func ctxOf(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
