package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endsWith expects the end, with that exit code.
func (r *run) endsWith(code int) {
	r.t.Helper()
	if got := r.code(); got != code {
		r.t.Errorf("exit code %d, want %d:\n%s", got, code, r.text())
	}
}

// secondHalf is the child of a lhrun, apart from what it has adopted.
func (r *run) secondHalf(t *testing.T) int {
	t.Helper()
	for _, pid := range children(t, r.cmd.Process.Pid) {
		args, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if bytes.HasPrefix(args, []byte(lhrunPath(t))) {
			return pid
		}
	}
	t.Fatal("it has no second process")
	return 0
}

// Whatever becomes of the run that has begun the services, the second goes on with them.
func TestTheEndOfTheFirstRunTakesNothingFromTheSecond(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *run){
		"guard killed":      func(_ *testing.T, r *run) { r.signal(syscall.SIGKILL) },
		"second half":       func(t *testing.T, r *run) { _ = syscall.Kill(r.secondHalf(t), syscall.SIGKILL) },
		"group killed":      func(_ *testing.T, r *run) { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) },
		"group interrupted": func(_ *testing.T, r *run) { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT) },
		"hung up":           func(_ *testing.T, r *run) { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", heldProject)
			cmd := h.command(dir, "run", "--with", "db", "--", "sh", "-c", "(setsid sleep 1002 &); touch first.here; exec sleep 1001")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			first := h.start(cmd)
			eventually(t, "first runs", func() bool { return h.exists(filepath.Join(dir, "first.here")) })
			second, endSecond := h.using(dir, "second")
			end(t, first)
			first.code()
			eventually(t, "nothing of the first is left", func() bool { return len(commands(dir, "sleep 100[12]")) == 0 })
			third, endThird := h.using(dir, "third")
			endSecond()
			second.endsWith(0)
			endThird()
			third.endsWith(0)
			noneLeft(t, dir)
		})
	}
}

// commands are the processes of dir's project that run command, a regular expression.
func commands(dir, command string) (pids []int) {
	out, _ := exec.Command("pgrep", "-xf", command).Output()
	for _, pid := range processes(dir) {
		for _, found := range strings.Fields(string(out)) {
			if found == strconv.Itoa(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// A run that is killed with all its processes leaves nothing a second later, of its
// command and of services that do not end when they are asked to.
func TestNothingIsLeftOfARunThatIsKilledWhole(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.deaf]
command = "trap '' TERM INT; echo up; while :; do sleep 0.1; done"
port = false
ready = { log = "up" }
stop = { timeout = "10m" }
`)
	cmd := h.command(dir, "run", "--", "sh", "-c", "(setsid sleep 1002 &); echo begun; exec sleep 1001")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r := h.start(cmd)
	r.wait("begun")
	second := r.secondHalf(t)
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} { // Neither sees the other's end.
		_ = syscall.Kill(r.cmd.Process.Pid, sig)
		_ = syscall.Kill(second, sig)
	}
	eventually(t, "nothing of the project runs", func() bool { return len(processes(dir)) == 0 })
	eventually(t, "the run has ended", func() bool { _, _, code := h.output(dir, "ps"); return code == 5 })
}

// Who hosts a one-off run may be killed as well: nothing is left, and its users say so.
func TestAOneOffRunWhoseHostIsKilled(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	r := h.start(h.command(dir, "run", "--", "sh", "-c", "echo begun; exec sleep 1001"))
	r.wait("begun")
	_, supervisor := h.record()
	_ = syscall.Kill(supervisor, syscall.SIGKILL)
	r.endsWith(143)
	r.heard(t, "connection lost")
	h.ok(dir, "down")
	noneLeft(t, dir)
}

// down ends a one-off run with its command.
func TestDownEndsAOneOffRunAndItsCommand(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	r := h.start(h.command(dir, "run", "--", "sh", "-c", `trap "echo asked; exit 5" TERM; echo begun; while :; do sleep 0.02; done`))
	r.wait("begun")
	h.ok(dir, "down")
	r.endsWith(5)
	r.heard(t, "asked")
	noneLeft(t, dir)
}

// A run kills what is left at the second Ctrl-C, unless somebody else uses the services.
func TestTheSecondCtrlCAtTheEndOfAOneOffRun(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.deaf]
command = "trap '' TERM INT; echo up; while :; do sleep 0.1; done"
port = false
ready = { log = "up" }
stop = { timeout = "10m" }
`)
	r := h.start(h.command(dir, "run", "--", "true"))
	r.heard(t, "still waits for deaf")
	r.pressAgain(syscall.SIGINT)
	r.heard(t, "Ctrl-C again kills")
	r.pressAgain(syscall.SIGINT)
	r.heard(t, "killing what is left")
	r.endsWith(0)
	noneLeft(t, dir)
}

// A run that joins shows with -v what its services write from then on.
func TestAJoinedRunShowsWhatServicesWrite(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	first := h.start(h.command(dir, "run", "--with", "db", "--", "sh", "-c", "echo begun; exec sleep 1001"))
	first.wait("begun")
	out, errs, code := h.output(dir, "run", "-v", "--", "echo", "mine")
	if code != 0 || out != "mine\n" || !strings.Contains(errs, "api   | api speaks") || strings.Contains(errs, "db speaks") {
		t.Errorf("code %d, out %q, errs %q", code, out, errs)
	}
	if out := h.ok(dir, "ps"); !matches(t, `db +ready`, out) || !matches(t, `api +stopped`, out) {
		t.Errorf("afterwards: %s", out)
	}
	first.signal(syscall.SIGTERM)
	first.endsWith(143)
	noneLeft(t, dir)
}

// Many runs at once share one set of services, each ends with its own code, and nothing is
// left.
func TestManyRunsAtOnce(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", heldProject)
	var all []*run
	for i := range 6 {
		all = append(all, h.start(h.command(dir, "run", "--with", "db", "--", "sh", "-c", "kill -0 $(tail -1 db.pids) && sleep 0.$1; kill -0 $(tail -1 db.pids) && exit $1", "sh", strconv.Itoa(i+1))))
	}
	for i, r := range all {
		r.endsWith(i + 1)
	}
	noneLeft(t, dir)
	if left, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/run.json")); len(left) > 0 {
		t.Errorf("records are left: %v", left)
	}
}

// The last words of services that a run ends are shown with -v, and their output is kept.
func TestTheLastLinesOfAOneOffRun(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "trap 'echo farewell; exit' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "up" }
`)
	_, errs, code := h.output(dir, "run", "-v", "--", "true")
	if code != 0 || !strings.Contains(errs, "api   | up\n") || !strings.Contains(errs, "api   | farewell\n") {
		t.Errorf("code %d, errs %q", code, errs)
	}
	if out := h.ok(dir, "logs", "api"); !strings.Contains(out, "farewell") {
		t.Errorf("logs: %s", out)
	}
}

// A one-off run is not slower than its services by more than a blink.
func TestAOneOffRunTakesLittleTimeOfItsOwn(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	best := time.Hour
	for range 5 {
		began := time.Now()
		h.ok(dir, "run", "--", "true")
		best = min(best, time.Since(began))
	}
	if best > time.Second {
		t.Errorf("it takes %v", best)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "state/lhrun")); err != nil {
		t.Error(err)
	}
}

// Who comes while the services are being ended begins anew, and whoever has ended them does
// not wait for that.
func TestARunThatComesAsTheLastOneLeaves(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "trap 'touch ending; until [ -e go ]; do sleep 0.02; done; exit' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "up" }
`)
	first := h.start(h.command(dir, "run", "--", "sh", "-c", "echo begun; until [ -e second ]; do sleep 0.02; done"))
	first.wait("begun")
	second := h.start(h.command(dir, "run", "--", "sh", "-c", "echo begun; until [ -e third ]; do sleep 0.02; done"))
	second.wait("begun")
	h.write(dir, "second", "")
	first.endsWith(0)
	h.write(dir, "third", "")
	eventually(t, "the services are being ended", func() bool { return h.exists(filepath.Join(dir, "ending")) })
	third := h.start(h.command(dir, "run", "--", "sh", "-c", "echo begun; until [ -e fourth ]; do sleep 0.02; done"))
	h.write(dir, "go", "")
	third.wait("begun")
	second.endsWith(0)
	if out := h.ok(dir, "ps"); !matches(t, `api +ready`, out) {
		t.Errorf("what the third uses: %s", out)
	}
	h.write(dir, "fourth", "")
	third.endsWith(0)
	noneLeft(t, dir)
}
