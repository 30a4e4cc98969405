package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// activatedGo is a server as one is written for systemd's sockets. Shutdown would
// close a connection whose request it reads only then, without an answer.
const activatedGo = `package main
import ("fmt"; "net"; "net/http"; "os"; "os/signal"; "strconv"; "sync"; "syscall")
func main() {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "2" || os.Getenv("LISTEN_FDNAMES") != "main:debug" {
		fmt.Println("not for me:", os.Getpid(), os.Environ())
		os.Exit(1)
	}
	l, err := net.FileListener(os.NewFile(3, "main"))
	if err != nil { panic(err) }
	var open sync.WaitGroup
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, os.Getpid()) }),
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew: open.Add(1)
			case http.StateClosed: open.Done()
			}
		},
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() { <-term; l.Close() }()
	server.Serve(l)
	open.Wait()
}
`

// Node takes a connection whose first byte has not come for an idle one, and cuts
// it when the server closes; that is its own and has nothing to do with sockets.
const activatedNode = `
const server = require('http').createServer((req, res) => res.end(String(process.pid)));
server.closeIdleConnections = () => {};
if (process.env.LISTEN_PID !== String(process.pid)) throw new Error('not for me');
server.listen({ fd: 3 });
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`

// The pause before a restart leaves nobody who could answer for a while.
const activatedConfig = `
dotenv = false
[services.web]
command = [%q%s]
listen = "fd"
ports = { debug = "auto" }
ready = { http = "/" }
restart = { policy = "always", backoff = "100ms", max_backoff = "100ms", max_restarts = 1000 }
`

func TestNoConnectionIsRefusedAcrossRestartsOfAGoServer(t *testing.T) {
	need(t, "go")
	h := newHome(t)
	src := h.checkout("main.go", activatedGo, "go.mod", "module web\ngo 1.21\n")
	binary := filepath.Join(src, "web")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = src
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	refusesNobody(t, h, h.checkout("lhrun.toml", fmt.Sprintf(activatedConfig, binary, "")))
}

func TestNoConnectionIsRefusedAcrossRestartsOfANodeServer(t *testing.T) {
	need(t, "node")
	h := newHome(t)
	refusesNobody(t, h, h.checkout("lhrun.toml", fmt.Sprintf(activatedConfig, "node", `, "web.js"`), "web.js", activatedNode))
}

// refusesNobody ends the service in dir again and again while clients ask it.
func refusesNobody(t *testing.T, h *home, dir string) {
	t.Helper()
	const restarts, clients, enough = 10, 4, 400
	r := h.up(dir)
	r.wait("all ready")
	ask := asker(fmt.Sprintf("http://127.0.0.1:%d/", h.port(dir, "web")))
	var answers, refused atomic.Int64
	done := make(chan struct{})
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			for !closed(done) {
				if _, err := ask(); err != nil {
					refused.Add(1)
					t.Error(err)
				}
				answers.Add(1)
			}
		})
	}
	seen := map[int]bool{}
	for range restarts {
		pid, err := ask()
		if err != nil || seen[pid] {
			t.Errorf("pid %d answers again, or nobody: %v", pid, err)
			break
		}
		seen[pid] = true
		_ = syscall.Kill(pid, syscall.SIGTERM)
		eventually(t, "another process answers", func() bool { next, err := ask(); return err != nil || next != pid })
	}
	eventually(t, "hundreds of answers", func() bool { return answers.Load() >= enough })
	close(done)
	asking.Wait()
	t.Logf("%d requests over %d restarts, %d refused", answers.Load(), len(seen), refused.Load())
	r.stop()
	if _, err := ask(); err == nil {
		t.Error("somebody answers after the end")
	}
	noneLeft(t, dir)
}

// asker returns a client that makes a connection a request and gets a pid.
func asker(url string) func() (int, error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() (int, error) {
		res, err := client.Get(url)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(string(body))
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestWithoutAProbeAServiceWithASocketIsReadyWhenItHasStarted(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.web]
command = "echo $LISTEN_FDS $LISTEN_FDNAMES; exec sleep 1000"
listen = "fd"
[services.other]
command = "echo fds ${LISTEN_FDS-none} ${LISTEN_PID-none}; exec sleep 1000"
port = false
`)
	cmd := h.command(dir, "up")
	cmd.Env = append(cmd.Env, "LISTEN_FDS=7", "LISTEN_PID=7")
	r := h.start(cmd)
	r.wait("all ready")
	r.wait(`web .*\| 1 main$`)
	r.wait(`other .*\| fds none none$`)
	r.stop()
}

func TestACommandThatDoesNotExistIsNamedWithASocketToo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.web]\ncommand = [\"no-such-thing\"]\nlisten = \"fd\"\n")
	begin := time.Now()
	r := h.up(dir)
	r.wait(`web failed: cannot start "no-such-thing": not found in PATH`)
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if strings.Contains(r.text(), "starts again") || time.Since(begin) > patience {
		t.Errorf("it was tried again:\n%s", r.text())
	}
}
