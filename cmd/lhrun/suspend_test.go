package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// A laptop that slept: everything was stopped for longer than any timeout, and
// lhrun wakes up before its services do.
func TestASuspendedMachineIsNobodysFault(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("index.html", "hello", "lhrun.toml", `
dotenv = false
[services.web]
command = '"$LHRUN" serve'
health = { http = "/", interval = "300ms", timeout = "1s", retries = 1 }
[services.slow]
command = "sleep 1; echo now it is; exec sleep 1000"
port = false
ready = { log = "now it is", timeout = "4s" }
[services.ending]
command = "trap 'sleep 1; echo ended in order; exit' TERM; while :; do sleep 0.05; done"
port = false
stop = { timeout = "4s" }
`)
	r := h.up(dir)
	r.wait("web is ready")
	r.wait("ending is ready")
	suspend(r, dir)
	r.wait("slow is ready|all ready")
	suspend(r, dir)
	r.signal(syscall.SIGINT)
	r.wait("stopping")
	suspend(r, dir)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	r.wait("ended in order")
	for _, fault := range []string{"unhealthy", "starts again", "failed", "not ready within"} {
		if strings.Contains(r.text(), fault) {
			t.Errorf("%q:\n%s", fault, r.text())
		}
	}
}

// suspend stops a whole project for five seconds.
func suspend(r *run, dir string) {
	guard := r.cmd.Process.Pid
	own, services := []int{guard, supervisorOf(guard)}, processes(dir)
	signalAll(syscall.SIGSTOP, append(services, own...)...)
	time.Sleep(5 * time.Second)
	signalAll(syscall.SIGCONT, own...)
	time.Sleep(100 * time.Millisecond)
	signalAll(syscall.SIGCONT, services...)
}

// What a user bounds with --timeout has slept as well.
func TestTimeAsleepCountsForNoTimeout(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.slow]
command = "until test -e awake; do sleep 0.05; done; echo now it is; exec sleep 1000"
port = false
ready = { log = "now it is" }
`)
	r := h.up(dir, "--timeout", "10s")
	eventually(t, "it runs", func() bool { return len(processes(dir)) > 0 })
	var guests []*run
	for _, args := range []string{"wait --timeout 10s", "up -d --timeout 10s", "run --timeout 10s -- true", "restart slow --timeout 10s"} {
		guests = append(guests, h.start(h.command(dir, strings.Fields(args)...)))
	}
	time.Sleep(time.Second)
	all := append(processes(dir), r.cmd.Process.Pid, supervisorOf(r.cmd.Process.Pid))
	for _, g := range guests {
		all = append(all, g.cmd.Process.Pid, supervisorOf(g.cmd.Process.Pid))
	}
	signalAll(syscall.SIGSTOP, all...)
	time.Sleep(11 * time.Second)
	signalAll(syscall.SIGCONT, all...)
	h.write(dir, "awake", "")
	r.wait("all ready")
	for _, g := range guests {
		if code := g.code(); code != 0 {
			t.Errorf("%v: exit code %d:\n%s", g.cmd.Args[1:], code, g.text())
		}
	}
	r.stop()
}
