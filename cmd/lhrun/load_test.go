package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// sized is the size of a load: the full one with LHRUN_LOAD=full, else one that fits
// into everybody's test run.
func sized(t *testing.T, full, everyday int) int {
	if os.Getenv("LHRUN_LOAD") == "full" {
		return full
	}
	if testing.Short() {
		t.Skip("a load")
	}
	return everyday
}

// weight is what a process takes of the machine.
type weight struct{ kib, files, threads int }

func weigh(pid int) (w weight) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		f := strings.Fields(line)
		switch {
		case len(f) < 2:
		case f[0] == "VmRSS:":
			w.kib, _ = strconv.Atoi(f[1])
		case f[0] == "Threads:":
			w.threads, _ = strconv.Atoi(f[1])
		}
	}
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	w.files = len(fds)
	return w
}

// services repeats a table n times, with its number for %[1]d.
func services(n int, text string) string {
	all := "dotenv = false\n"
	for i := range n {
		all += fmt.Sprintf(text, i)
	}
	return all
}

func (h *home) client(t *testing.T, dir string) *control.Client {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", filepath.Join(h.dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(h.dir, "run"))
	path, err := control.SocketPath(filepath.Base(dir), "main")
	if err != nil {
		t.Fatal(err)
	}
	client, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestHundredsOfServicesAtOnce(t *testing.T) {
	n := sized(t, 300, 30)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", services(n, `
[services.s%[1]d]
command = "echo up on $PORT; exec sleep 1000"
ready = { log = "up on" }
`))
	began := time.Now()
	r := h.up(dir)
	r.wait("all ready")
	took, w := time.Since(began), weigh(supervisorOf(r.cmd.Process.Pid))
	if got := len(processes(dir)); got != n {
		t.Errorf("%d processes, want %d", got, n)
	}
	began = time.Now()
	r.stop()
	noneLeft(t, dir)
	t.Logf("%d ready after %v, with %+v; stopped in %v", n, took, w, time.Since(began))
	if w.kib > 300<<10 || w.files > 5*n+100 {
		t.Errorf("it takes %+v", w)
	}
}

func TestCrashLoopsGrowNothing(t *testing.T) {
	n := sized(t, 100, 10)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", services(n, `
[services.s%[1]d]
command = "exit 1"
port = false
restart = { policy = "always", backoff = "20ms", max_backoff = "20ms", max_restarts = 1000000 }
`))
	r := h.up(dir)
	r.wait("starts again")
	client := h.client(t, dir)
	restarts := func() (sum int) {
		snap, err := client.Snapshot(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range snap.Services {
			sum += s.Restarts
		}
		return sum
	}
	before := weighAt(t, r, restarts, 10*n)
	after := weighAt(t, r, restarts, sized(t, 100, 20)*n)
	sum := restarts()
	r.stop()
	noneLeft(t, dir)
	t.Logf("%d restarts of %d services: %+v, then %+v", sum, n, before, after)
	if after.kib > before.kib+40<<10 || after.files > before.files+3*n+50 || after.threads > before.threads+40 {
		t.Errorf("it grew from %+v to %+v", before, after)
	}
}

// weighAt waits until there were n restarts, for as long as there are new ones.
func weighAt(t *testing.T, r *run, restarts func() int, n int) weight {
	t.Helper()
	last, since := 0, time.Now()
	for now := 0; now < n; time.Sleep(20 * time.Millisecond) {
		if now = restarts(); now > last {
			last, since = now, time.Now()
		} else if time.Since(since) > patience {
			t.Fatalf("no restart after number %d", now)
		}
	}
	return weigh(supervisorOf(r.cmd.Process.Pid))
}

func TestTenThousandRestartsGrowNothing(t *testing.T) {
	n := sized(t, 10_000, 150)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
command = ["true"]
ready = { exec = "false" }
restart = { policy = "always", backoff = "1ns", max_backoff = "1ns", max_restarts = 1000000 }
[services.rest]
command = "exec sleep 1000"
port = false
`)
	cmd := h.command(dir, "up")
	cmd.Stdout, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	r := h.start(cmd)
	eventually(t, "it runs", func() bool { return len(processes(dir)) > 0 })
	client := h.client(t, dir)
	restarts := func() int {
		snap, err := client.Snapshot(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range snap.Services {
			if s.Name == "a" {
				return s.Restarts
			}
		}
		return 0
	}
	began := time.Now()
	before := weighAt(t, r, restarts, n/5)
	after := weighAt(t, r, restarts, n)
	took := time.Since(began)
	r.stop()
	noneLeft(t, dir)
	t.Logf("%d restarts in %v: %+v, then %+v", n, took, before, after)
	if after.kib > before.kib+30<<10 || after.files > before.files+30 || after.threads > before.threads+30 {
		t.Errorf("it grew from %+v to %+v", before, after)
	}
}

// Ten readers that are stopped while a service writes as fast as it can.
func TestStoppedReadersOfLogsSlowNobodyAndCostNothing(t *testing.T) {
	lines := sized(t, 5_000_000, 200_000)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", fmt.Sprintf(`
dotenv = false
[services.a]
type = "task"
command = "until test -e go; do sleep 0.05; done; yes 'a line of a hundred bytes, more or less, as most of them are, in the end, and then some more of it' | head -n %d"
[services.b]
command = "exec sleep 1000"
port = false
`, lines))
	cmd := h.command(dir, "up")
	cmd.Stdout, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	r := h.start(cmd)
	eventually(t, "it runs", func() bool { return len(processes(dir)) > 1 })
	for range 10 {
		reader := h.start(h.command(dir, "logs", "-f", "-n", "0"))
		defer func() { reader.signal(syscall.SIGCONT); reader.signal(syscall.SIGTERM); reader.code() }()
		reader.signal(syscall.SIGSTOP)
	}
	began := time.Now()
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	client := h.client(t, dir)
	heaviest := weight{}
	for done := false; !done; time.Sleep(20 * time.Millisecond) {
		snap, err := client.Snapshot(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		heaviest.kib = max(heaviest.kib, weigh(supervisorOf(r.cmd.Process.Pid)).kib)
		done = string(snap.Services[0].State) == "completed"
		if time.Since(began) > 4*patience {
			t.Fatalf("not done after %v: %+v", time.Since(began), snap.Services[0])
		}
	}
	t.Logf("%d lines with ten stopped readers in %v, %d KiB at most", lines, time.Since(began), heaviest.kib)
	if heaviest.kib > 200<<10 {
		t.Errorf("it took %d KiB", heaviest.kib)
	}
	r.stop()
}

func TestFiftyProjectsOnOneMachine(t *testing.T) {
	n := sized(t, 50, 5)
	h := newHome(t)
	runs := make([]*run, n)
	var starting sync.WaitGroup
	for i := range runs {
		dir := h.checkout("lhrun.toml", fmt.Sprintf("name = \"p%d\"\n", i)+services(3, `
[services.s%[1]d]
command = "echo up on $PORT; exec sleep 1000"
ready = { log = "up on" }
`))
		starting.Go(func() {
			runs[i] = h.up(dir)
			runs[i].wait("all ready")
		})
	}
	starting.Wait()
	seen := map[string]int{}
	for i, r := range runs {
		for s := range 3 {
			name := fmt.Sprintf("s%d", s)
			eventually(t, name+" has said its port", func() bool { return len(r.texts(name)) > 0 }) // It may be said after its probe has heard it.
			for _, text := range r.texts(name) {
				port := strings.TrimPrefix(text, "up on ")
				if other, taken := seen[port]; taken {
					t.Errorf("projects %d and %d share port %s", other, i, port)
				}
				seen[port] = i
			}
		}
	}
	if len(seen) != 3*n {
		t.Errorf("%d ports, want %d", len(seen), 3*n)
	}
	var stopping sync.WaitGroup
	for _, r := range runs {
		stopping.Go(func() { r.signal(syscall.SIGINT); r.code() })
	}
	stopping.Wait()
	for _, r := range runs {
		noneLeft(t, r.cmd.Dir)
	}
}
