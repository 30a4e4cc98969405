package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// background runs `lhrun up -d` with args, and has the run ended after the test.
func (h *home) background(dir string, args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	h.t.Cleanup(func() { h.down(dir) })
	return h.output(dir, append([]string{"up", "-d"}, args...)...)
}

func (h *home) down(dir string) {
	h.t.Helper()
	if out, errs, code := h.output(dir, "down"); code != 0 {
		h.t.Errorf("lhrun down: exit code %d: %s%s", code, out, errs)
	}
	noneLeft(h.t, dir)
}

// record is who runs dir's project, as the run itself has written it down.
func (h *home) record() (guard, supervisor int) {
	h.t.Helper()
	found, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/run.json"))
	if len(found) != 1 {
		h.t.Fatalf("want one run, found %q", found)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		h.t.Fatal(err)
	}
	var rec struct{ Guard, Supervisor struct{ PID int } }
	unmarshal(h.t, data, &rec)
	return rec.Guard.PID, rec.Supervisor.PID
}

// idle is a project that is soon ready.
const idle = `
dotenv = false
[services.db]
command = "echo db runs; exec sleep 1000"
port = false
[services.seed]
type = "task"
command = "echo seeded"
depends_on = ["db"]
[services.api]
command = "echo api runs; exec sleep 1000"
port = false
depends_on = ["seed"]
`

func expect(t *testing.T, what, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !matches(t, p, text) {
			t.Errorf("%s: no match for %q in:\n%s", what, p, text)
		}
	}
}

func TestUpInTheBackgroundReturnsWithTheTableWhenAllIsReady(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	out, errs, code := h.background(dir)
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	expect(t, "output", out, `(?m)^all ready in `, `(?m)^db +ready `, `(?m)^seed +completed `, `(?m)^api +ready `)
	if strings.Contains(out, "api runs") {
		t.Errorf("the services' output is shown:\n%s", out)
	}
	if n := len(processes(dir)); n < 2 {
		t.Errorf("%d processes, want two services at least", n)
	}
}

func TestTheBackgroundIsASessionOfItsOwnWithNothingOfItsCaller(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	h.t.Cleanup(func() { h.down(dir) })
	// The pipe of this shell ends only when nobody holds it any more.
	cmd := exec.Command("sh", "-c", `"$0" up -d 7>&1 8<lhrun.toml; echo done`, lhrunPath(t))
	cmd.Dir, cmd.Env = dir, h.environ()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "done\n") {
		t.Fatalf("%v: %s", err, out)
	}
	guard, supervisor := h.record()
	for _, pid := range []int{guard, supervisor} {
		if sid := statField(t, pid, 3); sid != strconv.Itoa(guard) {
			t.Errorf("pid %d is of session %s, want %d", pid, sid, guard)
		}
		if tty := statField(t, pid, 4); tty != "0" {
			t.Errorf("pid %d has the terminal %s", pid, tty)
		}
		for _, link := range descriptors(t, pid) {
			if strings.HasSuffix(link, "lhrun.toml") {
				t.Errorf("pid %d holds its caller's files", pid)
			}
		}
	}
}

// statField is a field of /proc/PID/stat, counted from the state, which is 0.
func statField(t *testing.T, pid, n int) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), ") ")
	return strings.Fields(after)[n]
}

func descriptors(t *testing.T, pid int) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for _, e := range entries {
		link, _ := os.Readlink(filepath.Join(dir, e.Name()))
		links = append(links, link)
	}
	return links
}

func TestNothingOfTheBackgroundIsForOtherUsers(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	for _, root := range []string{"state/lhrun/projects", "run/lhrun"} {
		_ = filepath.WalkDir(filepath.Join(h.dir, root), func(path string, d fs.DirEntry, _ error) error {
			info, err := os.Lstat(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // The run replaced it meanwhile.
			}
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			return nil
		})
	}
}

func TestAFailureInTheBackgroundIsToldWithItsLastLinesAndTheRestGoesOn(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle+`
[services.broken]
command = "seq 1 40; exit 3"
restart = "no"
[services.after]
command = "sleep 1000"
port = false
depends_on = ["broken"]
`)
	out, errs, code := h.background(dir)
	if code != 1 {
		t.Fatalf("exit code %d, want 1: %s%s", code, out, errs)
	}
	expect(t, "errors", errs, `broken failed: exited with code 3`, `(?m)broken: 21$`, `(?m)broken: 40$`)
	if matches(t, `(?m)broken: 20$`, errs) {
		t.Errorf("more than 20 lines:\n%s", errs)
	}
	expect(t, "output", out, `goes on in the background.*lhrun down`)
	if len(processes(dir)) == 0 {
		t.Error("the others are gone")
	}
}

func TestAbortOnFailureStopsTheBackgroundToo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle+`
[services.broken]
command = "exit 3"
restart = "no"
depends_on = ["api"]
`)
	out, errs, code := h.background(dir, "--abort-on-failure")
	if code != 1 {
		t.Fatalf("exit code %d, want 1: %s%s", code, out, errs)
	}
	expect(t, "errors", errs, `broken failed: exited with code 3`)
	expect(t, "output", out, `has ended`)
	noneLeft(t, dir)
}

func TestTheBackgroundEndsWhenNothingIsLeftInIt(t *testing.T) {
	for _, c := range []struct {
		command string
		code    int
	}{{"true", 0}, {"exit 3", 1}} {
		t.Run(c.command, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", fmt.Sprintf("dotenv = false\n[services.job]\ntype = \"task\"\ncommand = %q\n", c.command))
			out, errs, code := h.background(dir)
			if code != c.code {
				t.Fatalf("exit code %d, want %d: %s%s", code, c.code, out, errs)
			}
			expect(t, "output", out, `has ended`)
			if out, _, _ := h.output(dir, "down"); !strings.Contains(out, "does not run") {
				t.Errorf("it still runs: %s", out)
			}
		})
	}
}

func TestNotReadyInTimeIsExitCode4InTheBackground(t *testing.T) {
	slow := `
dotenv = false
[services.slow]
command = "echo still loading; exec sleep 1000"
port = false
ready = { log = "never"%s }
`
	for name, c := range map[string]struct {
		ready string
		args  []string
		want  string
	}{
		"of all":         {"", []string{"--timeout", "300ms"}, `not ready within 300ms: slow is starting`},
		"of one service": {`, timeout = "300ms"`, nil, `slow failed: `},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", fmt.Sprintf(slow, c.ready)+"restart = \"no\"\n")
			out, errs, code := h.background(dir, c.args...)
			if code != 4 {
				t.Fatalf("exit code %d, want 4: %s%s", code, out, errs)
			}
			expect(t, "errors", errs, c.want, `slow: still loading`)
		})
	}
}

func TestMistakesAndBusyPortsAreToldInTheBackgroundAsInTheForeground(t *testing.T) {
	taken := squat(t, "127.0.0.1:0").Addr().(*net.TCPAddr).Port
	for name, c := range map[string]struct {
		config string
		code   int
	}{
		"mistake": {"[services.api]\ncommand = \"true\"\ndepends_on = [\"dbb\"]\n[services.db]\ncommand = \"true\"\n", 2},
		"port":    {fmt.Sprintf("dotenv = false\n[services.api]\ncommand = \"true\"\nport = %d\n", taken), 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", c.config)
			_, here, code := h.output(dir, "up")
			out, away, awayCode := h.output(dir, "up", "-d")
			if code != c.code || awayCode != c.code {
				t.Errorf("exit codes %d and, in the background, %d; want %d", code, awayCode, c.code)
			}
			if here != away || out != "" {
				t.Errorf("in the background:\n%s%s\nelse:\n%s", out, away, here)
			}
		})
	}
}

func TestCtrlCBeforeAllIsReadyStopsWhatUpInTheBackgroundStarted(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle+`
[services.slow]
command = "sleep 1000"
port = false
ready = { log = "never" }
`)
	r := h.up(dir, "-d")
	r.wait("api is ready")
	r.signal(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, r.text())
	}
	expect(t, "output", r.text(), `stopping what was started`)
	noneLeft(t, dir)
}

// The run may not be there to be met yet: then it hears of the signal as it begins.
func TestCtrlCWhileTheBackgroundBeginsStopsIt(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.slow]
command = "sleep 1000"
port = false
ready = { log = "never" }
`)
	r := h.up(dir, "-d")
	eventually(t, "the run has both of its halves", func() bool {
		for _, guard := range children(t, r.cmd.Process.Pid) {
			return len(children(t, guard)) > 0
		}
		return false
	})
	r.signal(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, r.text())
	}
	noneLeft(t, dir)
	if out, _, _ := h.output(dir, "down"); !strings.Contains(out, "does not run") {
		t.Errorf("it still runs: %s", out)
	}
}

func TestKillNineOfTheBackgroundLeavesNothingAndTheNextUpHeals(t *testing.T) {
	for _, half := range []string{"guard", "supervisor"} {
		t.Run(half, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", idle)
			if out, errs, code := h.background(dir); code != 0 {
				t.Fatalf("exit code %d: %s%s", code, out, errs)
			}
			guard, supervisor := h.record()
			pid := map[string]int{"guard": guard, "supervisor": supervisor}[half]
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nothing of the project runs", func() bool { return len(processes(dir)) == 0 })
			if half == "guard" {
				eventually(t, "the log says why the run ended", func() bool {
					return strings.Contains(h.verb(dir, "logs", "lhrun"), "the guard process of this run was killed")
				})
			}
			out, errs, code := h.output(dir, "up", "-d")
			if code != 0 {
				t.Fatalf("the next up: exit code %d: %s%s", code, out, errs)
			}
		})
	}
}
