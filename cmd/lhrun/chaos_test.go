package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestChaos does for a minute what must never happen, at random, and looks all the
// while whether anything that lhrun promises does not hold. LHRUN_CHAOS is a longer time;
// LHRUN_CHAOS_SEED is another seed than the usual one, a number or "random".
func TestChaos(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it looks at /proc")
	}
	long, seed := time.Minute, chaosSeed(t)
	if testing.Short() {
		long = 10 * time.Second
	}
	if text := os.Getenv("LHRUN_CHAOS"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		long = d
	}
	t.Logf("seed %d, for %s", seed, long) // Before the run, which may hang.
	w := newWorld(t, seed)
	w.run(long)
	t.Log(w.figures())
	if len(w.wrong) > 0 {
		t.Errorf("again: LHRUN_CHAOS=%s LHRUN_CHAOS_SEED=%d go test -count=1 -timeout 0 -run TestChaos ./cmd/lhrun\n%s",
			long, seed, strings.Join(w.wrong, "\n"))
	}
}

func chaosSeed(t *testing.T) uint64 {
	switch text := os.Getenv("LHRUN_CHAOS_SEED"); text {
	case "":
		return 1
	case "random":
		return rand.Uint64()
	default:
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("LHRUN_CHAOS_SEED is neither a number nor %q: %v", "random", err)
		}
		return seed
	}
}

func (w *world) figures() string {
	var parts []string
	for what, n := range w.counts {
		parts = append(parts, fmt.Sprintf("%d × %s", n, what))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// run drives every project on its own and watches them all.
func (w *world) run(long time.Duration) {
	end := time.Now().Add(long)
	stop := make(chan struct{})
	var watching, driving sync.WaitGroup
	watching.Go(func() { w.watch(stop) })
	for _, p := range w.projects {
		rng := rand.New(rand.NewPCG(w.rng.Uint64(), 2))
		driving.Go(func() {
			w.up(p)
			for time.Now().Before(end) && !w.failed() {
				w.act(p, rng)
				time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
			}
			w.down(p)
		})
	}
	driving.Wait()
	close(stop)
	watching.Wait()
	for _, p := range w.projects {
		w.checkLines(p)
	}
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.wrong) > 0
}

// act does one thing to a project. All that is random comes from rng, in one order.
func (w *world) act(p *chaosProject, rng *rand.Rand) {
	what, pick, pause := rng.IntN(100), rng.IntN(1<<20), time.Duration(rng.IntN(1000))*time.Millisecond
	snap, running := w.snapshot(p)
	if !running {
		w.up(p)
		return
	}
	service := snap.Services[pick%len(snap.Services)]
	guard, supervisor := w.halves(p)
	switch {
	case what < 36:
		w.did("a service killed")
		signalAll(syscall.SIGKILL, service.PID)
	case what < 44:
		w.did("a service stopped and continued")
		signalAll(syscall.SIGSTOP, service.PID)
		time.Sleep(pause)
		signalAll(syscall.SIGCONT, service.PID)
	case what < 47:
		w.did("the supervisor stopped and continued")
		signalAll(syscall.SIGSTOP, supervisor)
		time.Sleep(pause)
		signalAll(syscall.SIGCONT, supervisor)
	case what < 49:
		w.kill(p, "a supervisor killed", supervisor)
	case what < 51:
		w.kill(p, "a guard killed", guard)
	case what < 53:
		w.kill(p, "both halves killed at once", supervisor, guard)
	case what < 62:
		w.squat(service.Port, pause)
	case what < 65:
		w.fill(pause)
	case what < 75:
		w.order(p, "restart", service.Name)
	case what < 80:
		w.order(p, "stop", service.Name)
	case what < 85:
		w.order(p, "start", service.Name)
	case what < 95:
		w.change(p, pick)
		w.order(p, "reload")
	default:
		w.down(p)
	}
}

// order is a verb that may fail, as its services may be killed meanwhile.
func (w *world) order(p *chaosProject, args ...string) {
	w.did(args[0])
	text, code := w.verb(p, args...)
	if code == 2 || code < 0 || strings.Contains(text, "panic") || strings.Contains(text, "goroutine ") {
		w.fault("%s: lhrun %s: exit code %d: %s", p.name, strings.Join(args, " "), code, text)
	}
}

// change adds a service, takes one away, or only changes their variables.
func (w *world) change(p *chaosProject, pick int) {
	extra := fmt.Sprintf("extra%d", pick%3)
	switch {
	case pick%4 == 0:
	case slices.Contains(p.services, extra):
		p.services = slices.DeleteFunc(p.services, func(s string) bool { return s == extra })
	default:
		p.services = append(p.services, extra)
	}
	w.configure(p)
}

func (w *world) up(p *chaosProject) {
	w.order(p, "up", "-d", "--timeout", "5s")
}

func (w *world) down(p *chaosProject) {
	w.order(p, "down")
	w.gone(p, "down")
}

// kill kills halves of a run. What was left is the next verb's to end.
func (w *world) kill(p *chaosProject, what string, pids ...int) {
	w.did(what)
	end := p.kill(w.awaitKept(p))
	defer end()
	if len(pids) > 1 {
		killHalted(pids[0], pids[1])
	} else {
		signalAll(syscall.SIGKILL, pids...)
	}
	if len(pids) > 1 {
		w.order(p, "down")
	}
	w.gone(p, what)
}

// gone waits for the end of everything that works for p.
func (w *world) gone(p *chaosProject, after string) {
	began := time.Now()
	for awake := newAwakeClock(); len(processes(p.dir)) > 0; {
		if awake.now() > 20*time.Second {
			w.fault("%s: 20 s after %s there is %v", p.name, after, describe(processes(p.dir)))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.most("ms the slowest end after "+after, time.Since(began))
}
