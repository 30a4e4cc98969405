package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowed runs lhrun with each call that touches one of its own files delayed, as on
// a disk that takes so long.
func (h *home) slowed(dir string, delay time.Duration, services []string, args ...string) *exec.Cmd {
	h.t.Helper()
	need(h.t, "strace")
	if out, err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true").CombinedOutput(); err != nil {
		h.t.Skipf("strace may not trace here: %s", out)
	}
	state := filepath.Join(h.dir, "state/lhrun")
	instance := filepath.Join(state, "projects", filepath.Base(dir), "main")
	files := []string{filepath.Join(dir, ".env")}
	add := func(dir string, names ...string) {
		for _, name := range names {
			files = append(files, filepath.Join(dir, name))
		}
	}
	add(state, "projects", "ports.lock", "ports.json", "ports.json.new")
	add(instance, "lock", "run.json", "run.json.new", "last.json", "last.json.new", "lhrun.log", "logs")
	add(filepath.Join(instance, "logs"), "lock", "runs", "runs.new")
	for _, s := range append(services, "lhrun") {
		add(filepath.Join(instance, "logs"), s+".log", s+".idx")
	}
	calls := "openat,write,pwrite64,fsync,fdatasync,mkdirat,unlinkat,rename,renameat,renameat2"
	line := []string{"-f", "--seccomp-bpf", "-qq", "-o", os.DevNull, "-e", "trace=" + calls,
		"-e", fmt.Sprintf("inject=%s:delay_exit=%d", calls, delay.Microseconds())}
	for _, f := range files {
		line = append(line, "-P", f)
	}
	cmd := h.command(dir, args...)
	slow := exec.Command("strace", append(append(line, cmd.Path), args...)...)
	slow.Dir, slow.Env = cmd.Dir, cmd.Env
	return slow
}

// A state directory, logs and .env on a disk that takes 300 ms for each call.
func TestAVerySlowDiskIsNobodysFault(t *testing.T) {
	h := newHome(t)
	names := []string{"web", "talker", "quiet", "task"}
	toml := `
[services.web]
command = '"$LHRUN" serve'
health = { http = "/", interval = "300ms", timeout = "1s", retries = 1 }
[services.talker]
command = "echo now it is; i=0; while test ! -e enough; do i=$((i+1)); echo line $i; echo $i >wrote; sleep 0.05; done; exec sleep 1000"
port = false
ready = { log = "now it is", timeout = "8s" }
health = { log = "line", interval = "5s", retries = 1 }
[services.quiet]
command = "sleep 1000"
port = false
[services.task]
type = "task"
command = "echo done"
`
	for i := range 8 { // A loop that waits for the disk would not be done with these in time.
		name := fmt.Sprintf("more%d", i)
		names = append(names, name)
		toml += fmt.Sprintf("[services.%s]\ncommand = 'sleep 1000'\nport = false\n", name)
	}
	dir := h.checkout("index.html", "hello", ".env", "MINE=1\n", "lhrun.toml", toml)
	r := h.start(h.slowed(dir, 300*time.Millisecond, names, "up"))
	r.wait("all ready")
	slowest := time.Duration(0)
	for range 5 {
		began := time.Now()
		if out, errs, code := h.output(dir, "ps"); code != 0 || !strings.Contains(out, "talker") {
			t.Errorf("ps: exit code %d: %s%s", code, out, errs)
		}
		slowest = max(slowest, time.Since(began))
		time.Sleep(500 * time.Millisecond)
	}
	if _, errs, code := h.output(dir, "restart", "quiet"); code != 0 {
		t.Errorf("restart: exit code %d: %s", code, errs)
	}
	h.write(dir, "enough", "")
	began := time.Now()
	if _, errs, code := h.output(dir, "down"); code != 0 {
		t.Errorf("down: exit code %d: %s", code, errs)
	}
	t.Logf("slowest of 5 ps: %v; down in %v", slowest, time.Since(began))
	if code := r.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, fault := range []string{"unhealthy", "starts again", "failed", "not ready within"} {
		if strings.Contains(r.text(), fault) {
			t.Errorf("%q:\n%s", fault, r.text())
		}
	}
	noneLeft(t, dir)
	wrote, _ := os.ReadFile(filepath.Join(dir, "wrote"))
	last, _ := strconv.Atoi(strings.TrimSpace(string(wrote)))
	lines := strings.Split(strings.TrimSpace(storedLog(t, h, "talker")), "\n")
	for i, line := range lines[1:] {
		if line != fmt.Sprintf("line %d", i+1) {
			t.Fatalf("line %d of the store is %q", i+1, line)
		}
	}
	if len(lines)-1 < last || last == 0 {
		t.Errorf("%d lines are stored, %d were written", len(lines)-1, last)
	}
	if env, _ := os.ReadFile(filepath.Join(dir, ".env")); !strings.HasPrefix(string(env), "MINE=1\n# >>> lhrun >>>\n") {
		t.Errorf(".env is %q", env)
	}
}

// A service that waits for whoever reads its lines answers nobody, and is not at
// fault for that.
func TestAReaderThatStallsMakesNobodyUnhealthy(t *testing.T) {
	need(t, "python3")
	h := newHome(t)
	dir := h.checkout("talk.py", `
import http.server, os, sys
class Talk(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open("asked", "a").write(".")
        sys.stdout.write(("a line of the log\n") * 8000); sys.stdout.flush()
        open("answered", "a").write(".")
        self.send_response(204); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Talk).serve_forever()
`, "lhrun.toml", `
dotenv = false
[services.talk]
command = "exec python3 -u talk.py"
health = { http = "/", interval = "200ms", timeout = "500ms", retries = 2 }
`)
	lhrun, exited := h.unread(dir)
	defer func() {
		_ = lhrun.Signal(syscall.SIGQUIT) // That does not wait for a reader either.
		select {
		case <-exited:
		case <-time.After(patience):
			t.Error("SIGQUIT does not end it")
			_ = lhrun.Kill()
		}
	}()
	count := func(name string) int { data, _ := os.ReadFile(filepath.Join(dir, name)); return len(data) }
	eventually(t, "it is asked and does not answer", func() bool {
		asked, answered := count("asked"), count("answered")
		time.Sleep(time.Second)
		return asked > answered && count("answered") == answered
	})
	time.Sleep(5 * time.Second) // Some seven tries fail.
	text, errs, code := h.output(dir, "ps", "--json")
	if code != 0 || !strings.Contains(text, `"state":"ready"`) || !strings.Contains(text, `"restarts":0`) {
		t.Errorf("exit code %d:\n%s%s", code, text, errs)
	}
	if count("asked") == count("answered") {
		t.Error("it answers, though nobody reads")
	}
}
