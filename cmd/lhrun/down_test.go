package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDownWaitsUntilTheWholeTreeIsGoneAndThePlaceIsFree(t *testing.T) {
	need(t, "setsid")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "(setsid sleep 1002 &) ; trap 'sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "^up" }
[services.api]
command = "sleep 1000"
port = false
depends_on = ["db"]
`)
	for range 3 {
		r := h.up(dir)
		r.wait("all ready")
		out := h.verb(dir, "down")
		noneLeft(t, dir)
		expect(t, "down", out, `stopped 2 services in `)
		// The lock is free: the next run begins at once, without joining.
		r = h.up(dir)
		r.wait("starting 2 services")
		r.wait("all ready")
		r.stop()
	}
}

func TestDownWhereNothingRunsIsFineAndQuiet(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "name = \"shop\"\n"+idle)
	out, errs, code := h.output(dir, "down")
	if code != 0 || errs != "" || out != "shop (main) does not run\n" {
		t.Errorf("exit code %d, %q %q", code, out, errs)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "state/lhrun/projects")); err == nil {
		t.Error("it made a place for the run that there is not")
	}
}

func TestDownCleanTakesTheBlocksOutOfPortFilesWhetherItRunsOrNot(t *testing.T) {
	h := newHome(t)
	const own = "# mine\nKEY=value"
	dir := h.checkout("lhrun.toml", "[services.api]\ncommand = \"sleep 1000\"\nready = { exec = \"true\" }\n", ".env", own)
	read := func() string {
		data, _ := os.ReadFile(filepath.Join(dir, ".env"))
		return string(data)
	}
	for _, running := range []bool{true, false} {
		r := h.up(dir)
		r.wait("all ready")
		if !strings.Contains(read(), "lhrun >>>") {
			t.Fatalf("no block in %q", read())
		}
		if !running {
			r.stop()
		}
		out := h.verb(dir, "down", "--clean")
		expect(t, "down --clean", out, `took lhrun's block out of .*\.env`)
		if read() != own {
			t.Errorf("after down --clean the file is %q", read())
		}
		r.code()
	}
}

const stubborn = `
dotenv = false
[services.stubborn]
command = "trap 'echo deaf' TERM; echo up; while :; do sleep 0.05; done"
port = false
ready = { log = "^up" }
stop = { timeout = "10m" }
`

func TestDownSaysWhatItWaitsForAndTheSecondCtrlCKills(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", stubborn)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	r := h.start(h.command(dir, "down"))
	r.wait(`still waits for stubborn \(pid \d+\)`)
	r.signal(syscall.SIGINT)
	r.wait("Ctrl-C again kills")
	r.pressAgain(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

// timeout(1) sends its signal to a process and to its group, which is one Ctrl-C.
func TestTheEchoOfACtrlCKillsNothing(t *testing.T) {
	for _, verb := range []string{"down", "up -d"} {
		t.Run(verb, func(t *testing.T) {
			for range 10 { // On a busy machine an echo may come too late to be one.
				if echoIsNoSecondPress(t, verb) {
					return
				}
			}
			t.Errorf("%s took the echo for a second Ctrl-C", verb)
		})
	}
}

func echoIsNoSecondPress(t *testing.T, verb string) bool {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", stubborn+`
[services.late]
command = "exec sleep 1000"
port = false
ready = { log = "never" }
`)
	up := h.up(dir, "-d")
	up.wait("stubborn is ready")
	r := up
	if verb == "down" {
		r = h.start(h.command(dir, "down"))
		r.wait("still waits for stubborn")
	}
	r.signal(syscall.SIGINT)
	r.wait("Ctrl-C again kills")
	r.signal(syscall.SIGINT)
	time.Sleep(300 * time.Millisecond)
	ignored := !strings.Contains(r.text(), "killing what is left")
	r.pressAgain(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, r.text())
	}
	up.code()
	noneLeft(t, dir)
	return ignored
}

func TestDownKillsWhatIsLeftAfterItsTimeout(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", stubborn)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	out := h.verb(dir, "down", "--timeout", "200ms")
	expect(t, "down", out, `not down within 200ms: killing`)
	noneLeft(t, dir)
}

// straying has a service that outlives its leader.
const straying = `
dotenv = false
[services.api]
command = "(setsid sleep 1001 &) ; exec sleep 1002"
port = false
`

func TestDownReachesARunWhoseReaderHasStalled(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.flood]
command = "yes a line of nothing in particular"
port = false
`)
	cmd := h.command(dir, "up")
	out, err := cmd.StdoutPipe() // and nobody reads it
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() })
	eventually(t, "it runs", func() bool { return len(processes(dir)) > 0 })
	h.verb(dir, "start", "flood") // It serves, and soon has no room for what is written.
	time.Sleep(200 * time.Millisecond)
	expect(t, "down", h.verb(dir, "down"), `stopped 1 service in `)
	noneLeft(t, dir)
}

// killBoth kills a run so that nobody is left to end what strays.
func killBothHalves(t *testing.T, h *home) {
	t.Helper()
	guard, supervisor := h.record()
	killHalted(supervisor, guard)
}

func TestDownEndsWhatAKilledRunHasLeftAndSaysSo(t *testing.T) {
	need(t, "setsid")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", straying)
	stranger := h.checkout("x", "")
	mark := h.command(stranger, "version") // Only for its environment: a process that is not ours.
	mark.Path, mark.Args = "/bin/sleep", []string{"sleep", "1000"}
	if err := mark.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mark.Process.Kill(); _ = mark.Wait() })
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	eventually(t, "both sleep", func() bool { return asleep(dir) == 2 })
	killBothHalves(t, h)
	out := h.verb(dir, "down")
	expect(t, "down", out, `ended pid \d+ .*\(sleep 1001\), left by a run that was killed`)
	noneLeft(t, dir)
	if err := mark.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger was ended: %v", err)
	}
	if out := h.verb(dir, "down"); !strings.Contains(out, "does not run") {
		t.Errorf("down again: %s", out)
	}
}

func TestAStaleSocketHealsItself(t *testing.T) {
	need(t, "setsid")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", straying)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	eventually(t, "both sleep", func() bool { return asleep(dir) == 2 })
	killBothHalves(t, h)
	_, errs, code := h.output(dir, "stop", "api")
	if code != 5 {
		t.Errorf("stop: exit code %d, want 5: %s", code, errs)
	}
	expect(t, "stop", errs, `ended pid \d+ .*, left by a run that was killed`, "does not run")
	noneLeft(t, dir)
	if out, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatalf("up: exit code %d: %s%s", code, out, errs)
	}
	h.verb(dir, "restart", "api")
}

func TestAFrozenRunIsToldAndWhatToDo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	guard, supervisor := h.record()
	for _, pid := range []int{supervisor, guard} {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	t.Cleanup(func() {
		for _, pid := range []int{supervisor, guard} {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	})
	for _, verb := range []string{"down", "up"} {
		begin := time.Now()
		out, errs, code := h.output(dir, verb)
		if code != 1 {
			t.Errorf("%s: exit code %d, want 1: %s%s", verb, code, out, errs)
		}
		expect(t, verb, errs, `does not answer; if it is suspended, .kill -CONT \d+ \d+. lets it go on`)
		if took := time.Since(begin); took > patience {
			t.Errorf("%s took %s", verb, took)
		}
	}
	for _, pid := range []int{supervisor, guard} {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	h.verb(dir, "down")
	noneLeft(t, dir)
}

func TestDownFindsTheRunWhateverItsFileSaysByNow(t *testing.T) {
	for name, file := range map[string]string{
		"broken":  "[services.api\ncommand =",
		"renamed": "name = \"another\"\n" + idle,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", "name = \"shop\"\n"+idle)
			r := h.up(dir)
			r.wait("all ready")
			if err := os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte(file), 0o644); err != nil {
				t.Fatal(err)
			}
			h.verb(dir, "restart", "api")
			h.verb(dir, "down")
			r.code()
			noneLeft(t, dir)
		})
	}
}
