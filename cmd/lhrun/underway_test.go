package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// A start on a disk that takes its time is no project that does not run.
func TestPsDuringAVerySlowStartSaysThatItStarts(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "[services.api]\ncommand = 'sleep 1000'\nport = false\n")
	r := h.start(h.slowed(dir, 300*time.Millisecond, []string{"api"}, "up"))
	var out, errs string
	eventually(t, "it is said that it starts", func() bool {
		var code int
		out, errs, code = h.output(dir, "ps")
		if code == 0 {
			t.Fatalf("it has come up, and nobody said that it starts:\n%s", out)
		}
		return code == 5 && strings.Contains(errs, "(main) is just starting: try again in a moment")
	})
	if _, errs, code := h.output(dir, "wait", "--timeout", "10ms"); code != 5 || !strings.Contains(errs, "is just starting, and did not come up within 10ms") {
		t.Errorf("wait: exit code %d: %s", code, errs)
	}
	r.wait("all ready")
	h.verb(dir, "ps")
	h.verb(dir, "down")
	if code := r.code(); code != 0 {
		t.Errorf("exit code %d after down", code)
	}
	if _, errs, code := h.output(dir, "ps"); code != 5 || !strings.Contains(errs, "does not run; start it") {
		t.Errorf("after its end: exit code %d: %s", code, errs)
	}
}

// Whoever waits for a run that was suspended is told so, in time.
func TestWaitTellsASuspendedRunFromNone(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.api]\ncommand = 'sleep 1000'\nport = false\n")
	r := h.up(dir)
	r.wait("all ready")
	halves := []int{r.cmd.Process.Pid, supervisorOf(r.cmd.Process.Pid)}
	signalAll(syscall.SIGSTOP, halves...)
	defer signalAll(syscall.SIGCONT, halves...)
	for _, timeout := range []string{"300ms", "6s"} { // less and more than a dial takes
		began := time.Now()
		_, errs, code := h.output(dir, "wait", "--timeout", timeout)
		if code != 4 || !strings.Contains(errs, "not within "+timeout) || !strings.Contains(errs, "runs and does not answer; if it is suspended") {
			t.Errorf("wait --timeout %s: exit code %d after %v: %s", timeout, code, time.Since(began), errs)
		}
	}
	later := time.AfterFunc(2*time.Second, func() { signalAll(syscall.SIGCONT, halves...) })
	defer later.Stop()
	if _, errs, code := h.output(dir, "wait", "--timeout", "60s"); code != 0 {
		t.Errorf("after it was continued: exit code %d: %s", code, errs)
	}
	r.stop()
}
