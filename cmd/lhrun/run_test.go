package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// ciStep is a project as a CI step has it: a real database, a migration, an api.
const ciStep = `
name = "ci"
dotenv = false

` + postgresServices + `
[services.migrate]
type = "task"
command = "@PG@/psql -q {{db.url}} -c 'create table fruit (name text); insert into fruit values ($$apple$$), ($$pear$$)'"
depends_on = ["db"]

[services.api]
command = "exec python3 api.py"
env = { PSQL = "@PG@/psql" }
depends_on = ["migrate"]
ready = { http = "/healthz" }
`

const ciAPI = `
import http.server, os, subprocess
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        out = b'fine'
        if self.path != '/healthz':
            out = subprocess.check_output([os.environ['PSQL'], '-At', os.environ['DB_URL'], '-c', 'select name from fruit order by 1'])
        self.send_response(200); self.end_headers(); self.wfile.write(out)
    def log_message(self, *a): print('api got', self.path, flush=True)
http.server.HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), H).serve_forever()
`

const ciTests = `
import os, sys, urllib.request
got = urllib.request.urlopen(os.environ['API_URL'] + '/fruit').read().decode().split()
print('fruit:', *got)
sys.exit(0 if got == sys.argv[1:] else 9)
`

func ciProject(t *testing.T, h *home) (dir string) {
	t.Helper()
	need(t, "python3", "setpriv")
	config := strings.NewReplacer("@PG@", postgresBin(t), "@AS@", asPostgres()).Replace(ciStep)
	dir = h.checkout("lhrun.toml", config, "api.py", ciAPI, "tests.py", ciTests)
	openTo(t, dir)
	return dir
}

func TestRunAsACIStepPassesTheTestsExitCodeOnAndLeavesNothing(t *testing.T) {
	h := newHome(t)
	dir := ciProject(t, h)
	out, errs, code := h.output(dir, "run", "--", "python3", "tests.py", "apple", "pear")
	if code != 0 || out != "fruit: apple pear\n" || errs != "" {
		t.Errorf("code %d, out %q, errs %q", code, out, errs)
	}
	noneLeft(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "data/pg")); err != nil {
		t.Fatal(err)
	}
	if out, errs, code = h.output(dir, "run", "--", "python3", "tests.py", "apple"); code != 9 {
		t.Errorf("failing tests: code %d, out %q, errs %q", code, out, errs)
	}
	noneLeft(t, dir)
}

func TestRunWithABrokenServiceEndsEarlyWithTheReasonAndLastLines(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "sleep 1000"
port = false
[services.api]
command = "for i in $(seq 30); do echo line $i; done; exit 3"
port = false
restart = "no"
ready = { log = "never" }
[services.slow]
command = "echo thinking; sleep 1000"
ready = { timeout = "300ms" }
restart = "no"
profiles = ["slow"]
[services.web]
command = "sleep 1000"
port = false
depends_on = ["api"]
`)
	out, errs, code := h.output(dir, "run", "--with", "db,web", "--", "sh", "-c", "echo ran")
	if code != 1 || out != "" {
		t.Errorf("code %d, out %q", code, out)
	}
	for _, want := range []string{"lhrun: api failed: exited with code 3\n", "  api: line 30\n", "  api: line 11\n"} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	if strings.Contains(errs, "line 10\n") || strings.Count(errs, "line 30") != 1 {
		t.Errorf("more than the last 20 lines, or twice:\n%s", errs)
	}
	noneLeft(t, dir)

	out, errs, code = h.output(dir, "run", "--with", "slow", "--", "echo", "ran")
	if code != 4 || out != "" || !strings.Contains(errs, "slow failed: not ready within 300ms: nothing listens on its port") || !strings.Contains(errs, "slow: thinking") {
		t.Errorf("code %d, out %q, errs %s", code, out, errs)
	}
	noneLeft(t, dir)
}

func TestRunTimeoutIsExitCodeFour(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "echo thinking; sleep 1000"
`)
	out, errs, code := h.output(dir, "run", "--timeout", "300ms", "--", "echo", "ran")
	if code != 4 || out != "" || !strings.Contains(errs, "lhrun: not ready within 300ms: api is starting: nothing listens on its port") || !strings.Contains(errs, "  api: thinking") {
		t.Errorf("code %d, out %q, errs %s", code, out, errs)
	}
	noneLeft(t, dir)
}

const calm = `
dotenv = false
[services.db]
command = "echo db speaks; exec sleep 1000"
port = false
ready = { log = "speaks" }
[services.api]
command = "echo api speaks; exec sleep 1000"
port = false
depends_on = ["db"]
`

func TestRunExitCodesAreTheCommands(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm, "plain", "no program")
	for _, tt := range []struct {
		argv []string
		code int
		errs string
	}{
		{[]string{"true"}, 0, ""},
		{[]string{"sh", "-c", "exit 7"}, 7, ""},
		{[]string{"sh", "-c", "kill -TERM $$"}, 143, ""},
		{[]string{"sh", "-c", "kill -KILL $$"}, 137, ""},
		{[]string{"nosuch"}, 127, "lhrun: cannot run \"nosuch\": there is no such command\n"},
		{[]string{"./plain"}, 126, "lhrun: cannot run \"./plain\": permission denied\n"},
	} {
		out, errs, code := h.output(dir, append([]string{"run", "--"}, tt.argv...)...)
		if code != tt.code || out != "" || errs != tt.errs {
			t.Errorf("%q: code %d, out %q, errs %q", tt.argv, code, out, errs)
		}
		noneLeft(t, dir)
	}
}

func TestRunShowsServicesOnlyWhenAskedAndOnlyOnStandardError(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	out, errs, code := h.output(dir, "run", "-v", "--with", "api", "--", "echo", "mine")
	if code != 0 || out != "mine\n" || !strings.Contains(errs, "db    | db speaks") {
		t.Errorf("code %d, out %q, errs %q", code, out, errs)
	}
	if out, errs, code = h.output(dir, "run", "--", "echo", "mine"); code != 0 || out != "mine\n" || errs != "" {
		t.Errorf("code %d, out %q, errs %q", code, out, errs)
	}
}

// counting says each signal; TERM ends it with code 5.
const counting = `trap "echo INT" INT; trap "echo TERM; exit 5" TERM; trap "echo USR1" USR1; echo begun; while :; do sleep 0.05; done`

func TestRunPassesSignalsOnOnce(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	r := h.start(h.command(dir, "run", "--", "sh", "-c", counting))
	r.wait("begun")
	r.signal(syscall.SIGINT)
	r.wait("^INT$")
	r.signal(syscall.SIGUSR1)
	r.wait("^USR1$")
	r.signal(syscall.SIGTERM)
	if code := r.code(); code != 5 {
		t.Errorf("exit code %d, want 5", code)
	}
	if got := strings.TrimSpace(r.text()); got != "begun\nINT\nUSR1\nTERM" {
		t.Errorf("%q", got)
	}
	noneLeft(t, dir)
}

// A group's signal, as timeout(1) and job control send it, is not doubled.
func TestRunAGroupsSignalReachesTheCommandOnce(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	cmd := h.command(dir, "run", "--", "sh", "-c", counting)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r := h.start(cmd)
	r.wait("begun")
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.wait("^INT$")
	time.Sleep(time.Second) // What was sent a second time would be here by now.
	r.signal(syscall.SIGTERM)
	if code := r.code(); code != 5 {
		t.Errorf("exit code %d, want 5", code)
	}
	if got := strings.TrimSpace(r.text()); got != "begun\nINT\nTERM" {
		t.Errorf("%q", got)
	}
}

func TestRunGivesTheCommandTheTerminalAndCtrlCReachesItOnce(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	cmd := h.command(dir, "run", "--", "sh", "-c", `test -t 0 && test -t 1 && echo on a terminal; read word; echo "read $word"; `+counting)
	terminal, screen := onTerminal(t, cmd)
	screen.wait(t, "on a terminal")
	fmt.Fprint(terminal, "hello\n")
	screen.wait(t, "read hello")
	screen.wait(t, "begun")
	fmt.Fprint(terminal, "\x03")
	screen.wait(t, "INT")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 5 {
		t.Errorf("exit code %d, want 5", code)
	}
	if got := screen.text(); strings.Count(got, "INT") != 1 {
		t.Errorf("one Ctrl-C came as\n%s", got)
	}
	noneLeft(t, dir)
}

// onTerminal starts cmd on a terminal of its own.
func onTerminal(t *testing.T, cmd *exec.Cmd) (terminal *os.File, screen *screenReader) {
	t.Helper()
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	screen = &screenReader{}
	go screen.read(terminal)
	return terminal, screen
}

// screenReader keeps what a terminal shows.
type screenReader struct{ buf lockedBuffer }

func (s *screenReader) text() string { return s.buf.String() }

func (s *screenReader) read(f *os.File) {
	b := make([]byte, 4096)
	for {
		n, err := f.Read(b)
		if _, _ = s.buf.Write(b[:n]); err != nil {
			return
		}
	}
}

func (s *screenReader) wait(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(s.text(), text) })
}

func TestRunIsInterruptedBeforeTheCommandBegins(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "echo thinking; sleep 1000"
`)
	r := h.start(h.command(dir, "run", "-v", "--", "echo", "ran"))
	r.heard(t, "thinking")
	r.signal(syscall.SIGINT)
	if code := r.code(); code != 130 || strings.Contains(r.text(), "ran\n") {
		t.Errorf("exit code %d:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

func TestRunKillsAtTheSecondCtrlCBeforeTheCommandBegins(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.deaf]
command = "trap '' INT TERM; echo thinking; while :; do sleep 0.1; done"
stop = { timeout = "10m" }
`)
	r := h.start(h.command(dir, "run", "-v", "--", "echo", "ran"))
	r.heard(t, "thinking")
	r.signal(syscall.SIGINT)
	r.heard(t, "Ctrl-C again kills")
	r.pressAgain(syscall.SIGINT)
	if code := r.code(); code != 130 || !strings.Contains(r.text(), "killing what is left") {
		t.Errorf("exit code %d:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

// heard waits for text on either stream.
func (r *run) heard(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q in the output", text), func() bool { return strings.Contains(r.text(), text) })
}

func TestRunKillNineLeavesNothing(t *testing.T) {
	for _, half := range []string{"guard", "runner"} {
		t.Run(half, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", calm)
			r := h.start(h.command(dir, "run", "--", "sh", "-c", "(setsid sleep 1001 &); sleep 1002 & echo begun; trap '' TERM INT HUP; while :; do sleep 0.05; done"))
			r.wait("begun")
			pid := r.cmd.Process.Pid
			if half == "runner" {
				pid = r.secondHalf(t)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nothing of the project runs", func() bool { return len(processes(dir)) == 0 })
		})
	}
}

func TestRunEndsWhatTheCommandLeavesBehind(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	if _, errs, code := h.output(dir, "run", "--", "sh", "-c", "(setsid sleep 1001 >/dev/null 2>&1 &); sleep 1002 >/dev/null 2>&1 &"); code != 0 {
		t.Errorf("code %d, %s", code, errs)
	}
	noneLeft(t, dir)
}

// What runs already stays; what run has started goes again.
func TestRunJoinsAndStopsOnlyWhatItStarted(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	r := h.up(dir, "db")
	r.wait("all ready")
	out, errs, code := h.output(dir, "run", "--with", "api", "--", "sh", "-c", `"$LHRUN" ps api`)
	if code != 0 || !strings.Contains(out, "ready") || errs != "" {
		t.Errorf("code %d, out %q, errs %q", code, out, errs)
	}
	out, errs, _ = h.output(dir, "ps")
	if !bytes.Contains([]byte(out), []byte("db       ready")) || !strings.Contains(out, "api      stopped") {
		t.Errorf("afterwards: %s%s", out, errs)
	}
	if _, errs, code = h.output(dir, "run", "--with", "db", "--", "sh", "-c", "exit 4"); code != 4 {
		t.Errorf("code %d, %s", code, errs)
	}
	if out, _, _ = h.output(dir, "ps"); !strings.Contains(out, "db       ready") {
		t.Errorf("db was not run's to stop: %s", out)
	}
	r.stop()
	noneLeft(t, dir)
}

// What all three got while the command was not there yet, it gets as it begins.
func TestRunASignalToAllAsTheCommandBeginsIsNotLost(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"exec sleep 1000\"\nport = false\n")
	for i := range 120 {
		cmd := h.command(dir, "run", "--with", "a", "--", "sleep", "1002")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(i) * 250 * time.Microsecond
		time.Sleep(after)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			t.Errorf("after %v: nothing ended", after)
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
			<-ended
		}
	}
}
