package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/systems"
)

// patience bounds every wait of these tests: far more than anything needs, so
// that only what never happens fails on a busy machine.
const patience = 60 * time.Second

var built struct {
	once sync.Once
	path string
	err  error
}

// lhrun builds the real program once; the test binary can't stand in for it
// where services run "$LHRUN".
func lhrunPath(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "lhrun-test-")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "lhrun")
		tags := ""
		if systems.Lacking {
			tags = "portable"
		}
		out, err := exec.Command("go", "build", "-tags", tags, "-o", built.path, ".").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// home is one user's machine: a state directory that several checkouts share.
type home struct {
	t   testing.TB
	dir string
}

func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{t, shortDir(t)}
	if err := os.Mkdir(filepath.Join(h.dir, "run"), 0o700); err != nil { // lhrun makes none.
		t.Fatal(err)
	}
	t.Cleanup(func() { endRuns(filepath.Join(h.dir, "state")) })
	return h
}

// shortDir is a directory where a socket's path is short enough for every system.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A guard may just be ending what a run has left.
		eventually(t, dir+" is removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	return dir
}

// endRuns kills the supervisors that a failed test has left in the background; the
// guard of each ends the rest.
func endRuns(state string) {
	records, _ := filepath.Glob(filepath.Join(state, "lhrun/projects/*/*/run.json"))
	for _, file := range records {
		var rec proc.Record
		data, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(data, &rec) == nil && proc.Alive(rec.Supervisor) {
			_ = syscall.Kill(rec.Supervisor.PID, syscall.SIGKILL)
		}
	}
}

func (h *home) environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		key, _, _ := strings.Cut(kv, "=")
		switch key {
		case "HOME", "PORT", "HOST", "NO_COLOR", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME":
		default:
			env = append(env, kv)
		}
	}
	return append(env, "HOME="+h.dir, "XDG_STATE_HOME="+filepath.Join(h.dir, "state"),
		"XDG_RUNTIME_DIR="+filepath.Join(h.dir, "run"))
}

// checkout is a directory with the given files, one pair of name and content each.
func (h *home) checkout(files ...string) string {
	h.t.Helper()
	dir := h.t.TempDir()
	for i := 0; i < len(files); i += 2 {
		h.write(dir, files[i], files[i+1])
	}
	return dir
}

func (h *home) write(dir, name, content string) {
	h.t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(lhrunPath(h.t), args...)
	cmd.Dir, cmd.Env = dir, h.environ()
	return cmd
}

// output runs a verb to its end and returns what it printed and its exit code.
func (h *home) output(dir string, args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	cmd := h.command(dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), codeOf(cmd.ProcessState)
}

func (h *home) port(dir, service string) int {
	h.t.Helper()
	out, errs, _ := h.output(dir, "port", service)
	n, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		h.t.Fatalf("lhrun port %s: %q %s", service, out, errs)
	}
	return n
}

// run is a lhrun that goes on in the background, its lines being read.
type run struct {
	t      testing.TB
	cmd    *exec.Cmd
	errs   lockedBuffer
	exited chan struct{}

	mu    sync.Mutex
	lines []string
	more  chan struct{}
	ended bool
}

// lockedBuffer may be read while a program writes to it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// up starts `lhrun up` with args in dir.
func (h *home) up(dir string, args ...string) *run {
	h.t.Helper()
	return h.start(h.command(dir, append([]string{"up"}, args...)...))
}

// unread is lhrun up with a pipe as its output that nobody reads.
func (h *home) unread(dir string) (p *os.Process, exited <-chan struct{}) {
	h.t.Helper()
	cmd := h.command(dir, "up")
	out, w, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	_ = w.Close()
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	h.t.Cleanup(func() { _ = out.Close() })
	return cmd.Process, ended
}

func (h *home) start(cmd *exec.Cmd) *run {
	h.t.Helper()
	r := &run{t: h.t, cmd: cmd, exited: make(chan struct{}), more: make(chan struct{})}
	out, w, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, &r.errs
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	_ = w.Close()
	go r.read(out)
	go func() {
		_ = cmd.Wait()
		close(r.exited)
	}()
	h.t.Cleanup(func() {
		r.signal(syscall.SIGTERM)
		select {
		case <-r.exited:
		case <-time.After(patience):
			h.t.Errorf("lhrun does not end:\n%s", r.text())
			r.signal(syscall.SIGKILL)
		}
	})
	return r
}

func (r *run) read(out io.Reader) {
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		r.mu.Lock()
		if line != "" {
			r.lines = append(r.lines, strings.TrimSuffix(line, "\n"))
		}
		r.ended = r.ended || err != nil
		close(r.more)
		r.more = make(chan struct{})
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait returns the first line that matches pattern, and fails when it does not come.
func (r *run) wait(pattern string) string {
	r.t.Helper()
	re := regexp.MustCompile(pattern)
	limit := time.After(patience)
	for seen := 0; ; {
		r.mu.Lock()
		for ; seen < len(r.lines); seen++ {
			if re.MatchString(r.lines[seen]) {
				defer r.mu.Unlock()
				return r.lines[seen]
			}
		}
		more, ended := r.more, r.ended
		r.mu.Unlock()
		if ended {
			r.t.Fatalf("lhrun ended without a line like %q:\n%s", pattern, r.text())
		}
		select {
		case <-more:
		case <-limit:
			r.t.Fatalf("no line like %q:\n%s", pattern, r.text())
		}
	}
}

func (r *run) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n") + "\n" + r.errs.String()
}

// texts returns what a service wrote, as the stream shows it.
func (r *run) texts(service string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, line := range r.lines {
		name, text, ok := strings.Cut(line, "|")
		if ok && strings.TrimSpace(name) == service {
			out = append(out, strings.TrimPrefix(text, " "))
		}
	}
	return out
}

func (r *run) signal(sig syscall.Signal) { _ = r.cmd.Process.Signal(sig) }

// pressAgain sends another signal to end after a time in which it would belong to the
// first one's wish.
func (r *run) pressAgain(sig syscall.Signal) {
	time.Sleep(1100 * time.Millisecond)
	r.signal(sig)
}

// code waits for the end and returns the exit code.
func (r *run) code() int {
	r.t.Helper()
	select {
	case <-r.exited:
	case <-time.After(patience):
		r.t.Fatalf("lhrun does not end:\n%s", r.text())
	}
	// The last lines may still be on their way through the pipe.
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		r.mu.Lock()
		ended := r.ended
		r.mu.Unlock()
		if ended {
			break
		}
	}
	return codeOf(r.cmd.ProcessState)
}

// codeOf is the exit code that a shell would give: 128+n for signal n.
func codeOf(state *os.ProcessState) int {
	if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}

// stop presses Ctrl-C once and expects an orderly end.
func (r *run) stop() {
	r.t.Helper()
	r.signal(syscall.SIGINT)
	if code := r.code(); code != 130 {
		r.t.Fatalf("exit code %d after Ctrl-C, want 130:\n%s", code, r.text())
	}
}

// processes are the live ones whose environment says that they run in dir's project.
func processes(dir string) []int {
	return processesThat(dir, func(proc, real string) bool {
		env, err := os.ReadFile(filepath.Join(proc, "environ"))
		return err == nil && bytes.Contains(env, []byte("LHRUN_DIR="+real+"\x00"))
	})
}

// processesThat asks is of each process: its directory in /proc, and dir without links.
func processesThat(dir string, is func(proc, real string) bool) (pids []int) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && is(filepath.Join("/proc", e.Name()), real) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func matches(t testing.TB, pattern, text string) bool {
	t.Helper()
	re, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return re.MatchString(text)
}

func unmarshal(t testing.TB, data []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

func noneLeft(t testing.TB, dir string) {
	t.Helper()
	if left := processes(dir); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// eventually waits until ok, and says what it waited for when it never is.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s", what)
		}
	}
}

// need skips a test whose real part is not on this machine.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}
