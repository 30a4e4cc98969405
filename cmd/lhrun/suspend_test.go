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
