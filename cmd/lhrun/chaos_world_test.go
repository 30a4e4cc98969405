package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// bound is how long any verb may take, on however busy a machine.
const bound = 90 * time.Second

// world is a machine with some projects on it, and what went wrong there.
type world struct {
	*home
	rng      *rand.Rand
	ledger   string
	binary   string
	disk     string // a small one of its own, under the state directory; "" is none
	projects []*chaosProject

	mu     sync.Mutex
	wrong  []string
	counts map[string]int
	// full are the times when the disk was full: lines of then may be missing.
	full []*span
}

// chaosProject is one checkout. Only the driver changes it; mu is for its kills,
// which the checks read.
type chaosProject struct {
	name     string
	dir      string
	services []string
	version  int
	mu       sync.Mutex
	// kills are from what was on disk for certain, when a half or both were killed,
	// until nothing of the run was left.
	kills []*span
}

// kill notes a kill whose losses begin at from, until end is called.
func (p *chaosProject) kill(from time.Time) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &span{from: from}
	p.kills = append(p.kills, s)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		s.to = time.Now()
	}
}

func (p *chaosProject) killed() (all []span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.kills {
		all = append(all, *s)
	}
	return all
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{home: newHome(t), rng: rand.New(rand.NewPCG(seed, 1)), counts: map[string]int{}}
	w.ledger = t.TempDir()
	for _, dir := range []string{"locks", "lines", "violations"} {
		if err := os.Mkdir(filepath.Join(w.ledger, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.binary = filepath.Join(t.TempDir(), "chaos")
	if out, err := exec.Command("go", "build", "-o", w.binary, "./testdata/chaos").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("XDG_STATE_HOME", filepath.Join(w.home.dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(w.home.dir, "run"))
	w.mountState(t)
	for i := range 3 {
		p := &chaosProject{name: fmt.Sprintf("chaos%d", i), services: []string{"web", "deaf", "daemon", "crash"}}
		p.dir = w.checkout(".env", "MINE=1\n# the end of mine\n")
		w.configure(p)
		w.projects = append(w.projects, p)
	}
	w.cleanUp(t)
	return w
}

// mountState puts the state directory on a disk that is small enough to be filled.
func (w *world) mountState(t *testing.T) {
	dir := filepath.Join(w.home.dir, "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "none", dir).Run() != nil {
		t.Log("cannot mount a small disk, so none is filled")
		return
	}
	w.disk = dir
}

// configure writes the project's file, which is never half there for a reload.
func (w *world) configure(p *chaosProject) {
	p.version++
	text := fmt.Sprintf(`name = %q
[env]
CHAOS_LEDGER = %q
[defaults]
restart = { policy = "always", backoff = "20ms", max_backoff = "200ms", max_restarts = 1000000 }
stop = { timeout = "500ms" }
`, p.name, w.ledger)
	for i, s := range p.services {
		text += fmt.Sprintf("[services.%s]\ncommand = [%q]\nenv = { VERSION = \"%d\" }\n", s, w.binary, p.version*(i%2))
		if s == "web" {
			text += "depends_on = [\"deaf\"]\n"
		}
	}
	temp := filepath.Join(p.dir, "new")
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		w.fault("%v", err)
	}
	_ = os.Rename(temp, filepath.Join(p.dir, "lhrun.toml"))
}

func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (w *world) did(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// most keeps the longest of what took so long.
func (w *world) most(what string, long time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what] = max(w.counts[what], int(long.Milliseconds()))
}

// awakeClock counts the time in which this test was not kept from running: programs
// of real-time priority, or a suspended machine, are nobody's hang.
type awakeClock struct {
	last time.Time
	ran  time.Duration
}

func newAwakeClock() *awakeClock { return &awakeClock{last: time.Now()} }

// now has to be asked several times a second.
func (c *awakeClock) now() time.Duration {
	now := time.Now()
	c.ran += min(now.Sub(c.last), 500*time.Millisecond)
	c.last = now
	return c.ran
}

// verb runs lhrun to its end, within the bound. What it says is for the failure.
func (w *world) verb(p *chaosProject, args ...string) (text string, code int) {
	cmd := w.command(p.dir, args...)
	out, err := os.CreateTemp(w.ledger, "out")
	if err != nil {
		w.fault("%v", err)
		return "", -1
	}
	defer out.Close()
	defer os.Remove(out.Name())
	// A file, so that no process which keeps it open keeps us waiting.
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.fault("%v", err)
		return "", -1
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for awake := newAwakeClock(); ; {
		select {
		case <-done:
			w.most("ms the slowest "+args[0], time.Since(began))
			data, _ := os.ReadFile(out.Name())
			return string(data), codeOf(cmd.ProcessState)
		case <-tick.C:
			if awake.now() > bound {
				data, _ := os.ReadFile(out.Name())
				w.fault("%s: lhrun %s hangs: %s %v", p.name, strings.Join(args, " "), data, describe(living(p.dir)))
				_ = cmd.Process.Kill()
				<-done
				return "", -1
			}
		}
	}
}

// snapshot is the project as its run sees it; false when it does not run.
func (w *world) snapshot(p *chaosProject) (control.Snapshot, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	path, err := control.SocketPath(p.name, "main")
	if err != nil {
		return control.Snapshot{}, false
	}
	client, err := control.Dial(ctx, path)
	if err != nil {
		return control.Snapshot{}, false
	}
	snap, err := client.Snapshot(ctx, false)
	return snap, err == nil
}

// halves are the pids of the guard and the supervisor, 0 for what is not there.
func (w *world) halves(p *chaosProject) (guard, supervisor int) {
	snap, ok := w.snapshot(p)
	if !ok || snap.PID == 0 {
		return 0, 0
	}
	if child := supervisorOf(snap.PID); child != 0 && commandHas(child, "lhrun") {
		return snap.PID, child
	}
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", snap.PID))
	if f := strings.Fields(string(stat)); len(f) > 3 {
		guard, _ = strconv.Atoi(f[3])
	}
	return guard, snap.PID
}

func commandHas(pid int, word string) bool {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Contains(string(line), word)
}

// squat listens on a port of somebody for a while.
func (w *world) squat(port int, for_ time.Duration) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	w.did("a port squatted on")
	time.Sleep(for_)
	_ = l.Close()
}

// fill leaves nothing free on the disk for a while.
func (w *world) fill(for_ time.Duration) {
	if w.disk == "" {
		return
	}
	s := w.fills()
	path := filepath.Join(w.disk, "filler")
	f, err := os.Create(path)
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	time.Sleep(for_)
	_ = f.Close()
	_ = os.Remove(path)
	w.mu.Lock()
	s.to = time.Now().Add(fullGrace)
	w.mu.Unlock()
	w.did("the disk filled")
}

// fills notes that the disk is about to be filled, once what was written is on it.
func (w *world) fills() *span {
	s := &span{from: time.Now()}
	for _, p := range w.projects {
		w.awaitKept(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.full = append(w.full, s)
	return s
}

func signalAll(sig syscall.Signal, pids ...int) {
	for _, pid := range pids {
		if pid > 1 {
			_ = syscall.Kill(pid, sig)
		}
	}
}
