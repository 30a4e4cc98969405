package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCtrlCStopsInReverseOrderAndLeavesNothing(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "trap 'echo db ends; exit 0' TERM; echo db runs; while :; do sleep 0.05; done"
port = false
ready = { log = "db runs" }
[services.api]
command = "trap 'echo api ends; sleep 0.2; exit 0' TERM; echo api runs; while :; do sleep 0.05; done"
port = false
ready = { log = "api runs" }
depends_on = ["db"]
`)
	r := h.up(dir)
	r.wait("all ready")
	r.stop()
	all := r.text()
	if api, db := strings.Index(all, "api ends"), strings.Index(all, "db ends"); api < 0 || db < api {
		t.Errorf("want api to end before db:\n%s", all)
	}
	noneLeft(t, dir)
}

func TestSecondCtrlCKillsAndTheFirstSaysWhatItWaitsFor(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.stubborn]
command = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
port = false
ready = { log = "deaf" }
stop = { timeout = "10m" }
`)
	r := h.up(dir)
	r.wait("all ready")
	r.signal(syscall.SIGINT)
	r.wait(`still waits for stubborn \(pid \d+\)`)
	r.pressAgain(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	noneLeft(t, dir)
}

func TestStopTimeoutIsFollowedBySIGKILL(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.stubborn]
command = "trap '' TERM INT; echo deaf; while :; do sleep 0.05; done"
port = false
ready = { log = "deaf" }
stop = { timeout = "300ms", signal = "INT" }
`)
	r := h.up(dir)
	r.wait("all ready")
	begin := time.Now()
	r.stop()
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("it ended after %v, before its timeout", took)
	}
	noneLeft(t, dir)
}

func TestSetsidAndDoubleForkedGrandchildrenEndToo(t *testing.T) {
	need(t, "setsid")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "setsid sleep 1001 & (setsid sleep 1002 &) ; (sleep 1003 &) ; exec sleep 1004"
port = false
stop = { timeout = "5s" }
`)
	r := h.up(dir)
	r.wait("all ready")
	eventually(t, "four sleeps run", func() bool { return len(processes(dir)) >= 4 })
	r.stop()
	noneLeft(t, dir)
}

// TestAnExitIsSeenBehindAHolderOfItsPipe within 100 ms of the last word. The best of
// several tries counts, as other work on the machine delays both.
func TestAnExitIsSeenBehindAHolderOfItsPipe(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "sleep 1000 & echo bye; exit 3"
port = false
restart = "no"
`)
	best := patience
	for try := 0; try < 10 && best > 100*time.Millisecond; try++ {
		r := h.up(dir, "--log-format", "json")
		if code := r.code(); code != 1 {
			t.Fatalf("exit code %d, want 1:\n%s", code, r.text())
		}
		noneLeft(t, dir)
		best = min(best, saidAt(t, r, "api exited with code 3").Sub(saidAt(t, r, "bye")))
	}
	if best > 100*time.Millisecond {
		t.Errorf("it took %v", best)
	}
}

// saidAt is the time of the first line of a JSON stream with that message.
func saidAt(t *testing.T, r *run, message string) time.Time {
	t.Helper()
	for _, line := range r.lines {
		var o struct {
			Message string    `json:"@message"`
			At      time.Time `json:"@timestamp"`
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		if o.Message == message {
			return o.At
		}
	}
	t.Fatalf("nobody said %q:\n%s", message, r.text())
	return time.Time{}
}

func TestKillNineOfEitherHalfLeavesNoProcess(t *testing.T) {
	config := `
dotenv = false
[services.plain]
command = "sleep 1000"
port = false
[services.deaf]
command = "trap '' TERM INT HUP; echo deaf; while :; do sleep 0.05; done"
port = false
ready = { log = "deaf" }
stop = { timeout = "100ms" }
[services.away]
command = "(setsid sleep 1002 &) ; exec sleep 1004"
port = false
`
	for _, half := range []string{"guard", "supervisor"} {
		t.Run(half, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", config)
			r := h.up(dir)
			r.wait("all ready")
			pid := r.cmd.Process.Pid
			if half == "supervisor" {
				pid = onlyChild(t, pid)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nothing of the project runs", func() bool { return len(processes(dir)) == 0 })
			r = h.up(dir)
			r.wait("all ready")
			r.stop()
			noneLeft(t, dir)
		})
	}
}

func onlyChild(t *testing.T, pid int) int {
	t.Helper()
	pids := children(t, pid)
	if len(pids) != 1 {
		t.Fatalf("pid %d has children %v, want one", pid, pids)
	}
	return pids[0]
}

func children(t *testing.T, pid int) (pids []int) {
	t.Helper()
	tasks, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	for _, f := range tasks {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Skip("this kernel does not list children")
		}
		for _, field := range strings.Fields(string(data)) {
			n, _ := strconv.Atoi(field)
			pids = append(pids, n)
		}
	}
	return pids
}

func TestAFailedTaskFailsItsWaitersAndTheExitCodeSaysSo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.migrate]
type = "task"
command = "echo no table; exit 7"
[services.api]
command = "sleep 1000"
port = false
depends_on = ["migrate"]
[services.web]
command = "sleep 1000"
port = false
depends_on = ["api"]
`)
	r := h.up(dir)
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	r.wait(`web failed: api failed: migrate failed: exited with code 7`)
	r.wait(`migrate \| no table`)
	if strings.Contains(r.text(), "migrate: no table") {
		t.Errorf("it is told again just below:\n%s", r.text())
	}
}

func TestAbortOnFailureStopsTheRest(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "sleep 1000"
port = false
[services.broken]
command = "sleep 0.2; exit 9"
type = "task"
`)
	r := h.up(dir, "--abort-on-failure")
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

func TestNotReadyInTimeIsExitCode4(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "exec sleep 1000"
`)
	r := h.up(dir, "--timeout", "500ms")
	if code := r.code(); code != 4 {
		t.Errorf("exit code %d, want 4:\n%s", code, r.text())
	}
	if !strings.Contains(r.errs.String(), "not ready within 500ms: api is starting") {
		t.Errorf("stderr: %s", &r.errs)
	}
	noneLeft(t, dir)
}

func TestProcfileEndsWhenOneProcessEndsWithItsCode(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("Procfile", "web: echo on $PORT; exec sleep 1000\nworker: sleep 0.3; exit 5\n")
	r := h.up(dir)
	if code := r.code(); code != 5 {
		t.Errorf("exit code %d, want 5:\n%s", code, r.text())
	}
	if got := r.texts("web"); len(got) != 1 || got[0] != "on "+strconv.Itoa(h.port(dir, "web")) {
		t.Errorf("web wrote %q", got)
	}
	noneLeft(t, dir)

	r = h.up(dir, "--keep-going")
	r.wait("worker exited with code 5")
	r.wait("worker failed")
	if n := len(processes(dir)); n == 0 {
		t.Error("--keep-going did not keep web")
	}
	r.stop()
}

func TestACommandThatDoesNotExistIsOneClearLine(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
command = ["no-such-program", "x"]
port = false
[services.b]
command = "no-such-program x"
port = false
`)
	r := h.up(dir)
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	r.wait(`a failed: .*"no-such-program".*not found`)
	r.wait(`b failed: exited with code 127 \(command not found`)
}

func TestClosedStdoutStopsInOrder(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
command = "while :; do echo line; sleep 0.01; done"
port = false
`)
	cmd := h.command(dir, "up")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs := new(strings.Builder)
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d (%v), want 1", code, err)
	}
	if got := errs.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "broken pipe") {
		t.Errorf("stderr: %q", got)
	}
	noneLeft(t, dir)
}

func TestAStateDirectoryThatCannotBeWrittenIsOneClearLine(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"sleep 1000\"\n")
	if err := os.WriteFile(filepath.Join(h.dir, "state"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, code := h.output(dir, "up")
	if code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "XDG_STATE_HOME") {
		t.Errorf("exit code %d, stderr %q", code, errs)
	}
}
