package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

// everyKind is a project with every kind of process that could stay behind: plain,
// deaf to signals, in a group or a session of its own, double-forked, without the
// variables that lhrun gave it, and stopped.
const everyKind = `
dotenv = false
[defaults]
port = false
stop = { timeout = "300ms" }
[services.plain]
command = "exec sleep 1000"
[services.deaf]
command = "trap '' TERM INT HUP; while :; do sleep 0.05; done"
[services.group]
command = "set -m; sleep 1000 & exec sleep 1000"
[services.session]
command = "setsid sleep 1000 & exec sleep 1000"
[services.daemon]
command = "(setsid sleep 1000 &) ; exec sleep 1000"
[services.orphan]
command = "(setsid sh -c 'sleep 1000 & sleep 1000' &) ; exec sleep 1000"
[services.halted]
command = "(setsid sh -c 'kill -STOP $$' &) ; kill -STOP $$"
[services.crashing]
command = "sleep 1000 & exit 1"
restart = { policy = "always", backoff = "10ms", max_backoff = "20ms", max_restarts = 1000000 }
`

// outrunning is a chain of which each link starts the next in a session of its own and
// goes.
const outrunning = `
[services.chain]
command = "./chain & exec sleep 1000"
`

// bare has neither lhrun's variables nor anybody's group, session or parent. When
// both halves die at once it is known by the pipe that it writes to, which takes a
// millisecond from its start to be written down.
const bare = `
[services.bare]
command = "(env -i setsid sleep 1000 &) ; exec sleep 1000"
`

const chain = "#!/bin/sh\nsetsid \"$0\" >/dev/null 2>&1 &\n"

// everyKindOfProcess is a checkout of them, without those that escape on this system.
func everyKindOfProcess(h *home, more string) string {
	need(h.t, "setsid")
	if runtime.GOOS != "linux" {
		h.t.Skip("it looks at /proc")
	}
	text := everyKind + outrunning + more
	if systems.Lacking {
		text = everyKind
	}
	dir := h.checkout("lhrun.toml", text, "chain", chain)
	if err := os.Chmod(filepath.Join(dir, "chain"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	return dir
}

// living are the processes that work in dir, with or without lhrun's variables.
func living(dir string) []int {
	here := processesThat(dir, func(proc, real string) bool {
		cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
		return err == nil && cwd == real
	})
	return append(here, processes(dir)...)
}

// goneAfter waits until nothing works in dir, for two looks in a row: a chain may
// step from one place of the list to another. It returns how long that took.
func goneAfter(t testing.TB, dir string) time.Duration {
	t.Helper()
	began := time.Now()
	eventually(t, fmt.Sprintf("nothing of the project runs: %v", describe(living(dir))), func() bool {
		first := living(dir)
		return len(first)+len(living(dir)) == 0
	})
	return time.Since(began)
}

func describe(pids []int) (out []string) {
	for _, pid := range pids {
		line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		out = append(out, fmt.Sprintf("%d %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	}
	return out
}

// The moments at which lhrun may be killed.
var moments = map[string]func(r *run){
	"in the middle of the start": func(r *run) { time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond) },
	"when all is ready":          func(r *run) { r.wait("plain +ready|all ready|plain is ready"); r.wait("crashing starts again") },
	"in the middle of a restart": func(r *run) {
		r.wait("crashing starts again")
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	},
	"in the middle of the stop": func(r *run) {
		r.wait("crashing starts again")
		r.signal(syscall.SIGTERM)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
	},
}

func TestKillNineAtAnyMomentLeavesNoProcess(t *testing.T) {
	for moment, await := range moments {
		for _, half := range []string{"guard", "supervisor"} {
			t.Run(half+" "+moment, func(t *testing.T) {
				h := newHome(t)
				dir := everyKindOfProcess(h, bare)
				r := h.up(dir)
				await(r)
				pid := r.cmd.Process.Pid
				if half == "supervisor" {
					pid = supervisorOf(pid)
				}
				if pid != 0 {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				} else { // it was not born yet
					r.signal(syscall.SIGKILL)
				}
				t.Logf("gone %v after the kill", goneAfter(t, dir))
			})
		}
	}
}

// supervisorOf is the guard's one child, 0 before its birth.
func supervisorOf(guard int) int {
	tasks, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(guard), "task/*/children"))
	for _, f := range tasks {
		data, _ := os.ReadFile(f)
		for _, field := range strings.Fields(string(data)) {
			pid, _ := strconv.Atoi(field)
			return pid
		}
	}
	return 0
}

// Nobody is left who could end anything: the kernel ends the leaders, and the next
// verb the rest.
func TestBothHalvesKilledAtOnceLeaveNothingToTheNextVerb(t *testing.T) {
	for moment, await := range moments {
		t.Run(moment, func(t *testing.T) {
			h := newHome(t)
			dir := everyKindOfProcess(h, "")
			r := h.up(dir)
			await(r)
			left := killBoth(r)
			told := endedByNext(h, dir)
			if moment == "when all is ready" && told == 0 {
				t.Errorf("nobody says that %d processes were ended", left)
			}
			t.Logf("%d left, %d told, gone %v after the next stop", left, told, goneAfter(t, dir))
		})
	}
}

func TestWhatThrewItsEnvironmentAwayIsEndedByTheNextVerb(t *testing.T) {
	systems.Need(t, systems.Escapes)
	h := newHome(t)
	dir := everyKindOfProcess(h, bare)
	r := h.up(dir)
	r.wait("all ready|bare is ready")
	eventually(t, "its pipe is written down", func() bool {
		files, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/run.json"))
		data, _ := os.ReadFile(strings.Join(files, ""))
		return bytes.Contains(data, []byte(`"service":"bare"`))
	})
	killBoth(r)
	if told := endedByNext(h, dir); told == 0 {
		t.Error("nobody says what was ended")
	}
	goneAfter(t, dir)
}

// doctor only names it.
func TestEveryVerbEndsWhatAKilledRunLeft(t *testing.T) {
	for _, verb := range []string{"down", "ps", "stop plain", "restart plain", "reload"} {
		t.Run(verb, func(t *testing.T) {
			h := newHome(t)
			dir := everyKindOfProcess(h, "")
			r := h.up(dir)
			r.wait("crashing starts again")
			left := killBoth(r)
			out, errs, code := h.output(dir, strings.Fields(verb)...)
			if n := strings.Count(out+errs, "left by a run that was killed"); n == 0 && left > 0 {
				t.Errorf("%d were left and nobody says so: exit code %d\n%s\n%s", left, code, out, errs)
			}
			goneAfter(t, dir)
		})
	}
}

// endedByNext counts what the next run says that it has ended.
func endedByNext(h *home, dir string) int {
	next := h.up(dir, "plain")
	next.wait("all ready")
	next.stop()
	return strings.Count(next.text(), "left by a run that was killed")
}

// killBoth kills both halves while they are stopped, so that neither sees the
// other's end. It returns how many processes that leaves.
func killBoth(r *run) int {
	guard, supervisor := r.cmd.Process.Pid, supervisorOf(r.cmd.Process.Pid)
	killHalted(supervisor, guard)
	<-r.exited
	return len(slices.DeleteFunc(living(r.cmd.Dir), func(pid int) bool { return pid == guard || pid == supervisor }))
}

// killHalted kills a supervisor and then its guard, neither of which sees the other's
// end: first every thread has to have stopped, and the kernel continues a supervisor,
// whose group nobody outside of it cares for any more, when its guard dies.
func killHalted(supervisor, guard int) {
	halves := []int{supervisor, guard}
	signalAll(syscall.SIGSTOP, halves...)
	for until := time.Now().Add(5 * time.Second); slices.ContainsFunc(halves, moves) && time.Now().Before(until); {
		time.Sleep(100 * time.Microsecond)
	}
	signalAll(syscall.SIGKILL, halves...)
}

func moves(pid int) bool {
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/stat"))
	return slices.ContainsFunc(threads, func(path string) bool {
		stat, err := os.ReadFile(path)
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && !strings.HasPrefix(state, "T") && !strings.HasPrefix(state, "Z")
	})
}

func TestClosedTerminalLeavesNoProcess(t *testing.T) {
	passOnHangUps(t)
	h := newHome(t)
	dir := everyKindOfProcess(h, bare)
	r := h.up(dir)
	r.wait("crashing starts again")
	began := time.Now()
	r.signal(syscall.SIGHUP)
	r.code()
	goneAfter(t, dir)
	t.Logf("gone %v after the hang-up", time.Since(began))
}

// passOnHangUps has children hear of SIGHUP even where the tests run under nohup.
func passOnHangUps(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(c) })
}

// A terminal that is gone takes its time: who would wait for a stop of ten minutes?
func TestHangUpDoesNotWaitForSlowServices(t *testing.T) {
	passOnHangUps(t)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.deaf]
command = "trap '' TERM; while :; do sleep 0.05; done"
port = false
stop = { timeout = "10m" }
`)
	r := h.up(dir)
	r.wait("all ready")
	r.signal(syscall.SIGHUP)
	if code := r.code(); code != 129 {
		t.Errorf("exit code %d:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

// Nobody reads what lhrun writes, so it hangs in its writing.
func TestKilledGuardWithAStalledReaderLeavesNoProcess(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.flood]
command = "yes"
port = false
[services.deaf]
command = "trap '' TERM; while :; do sleep 0.05; done"
port = false
`)
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := h.command(dir, "up")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	w.Close()
	eventually(t, "both run", func() bool { return len(living(dir)) >= 3 })
	time.Sleep(300 * time.Millisecond) // the pipe takes 64 KiB, which yes has filled by now
	_ = cmd.Process.Kill()
	t.Logf("gone %v after the kill", goneAfter(t, dir))
}
