package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// snapshot is what start, stop and restart print with --json.
type snapshot struct {
	Project, Instance, Dir string
	PID                    int
	Services               []struct {
		Name, State, URL string
		PID, Port        int
		Restarts         int
	}
}

// verb runs a verb that has to end well, and returns its output.
func (h *home) verb(dir string, args ...string) string {
	h.t.Helper()
	out, errs, code := h.output(dir, args...)
	if code != 0 {
		h.t.Fatalf("lhrun %s: exit code %d: %s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func (h *home) verbJSON(dir string, args ...string) (s snapshot) {
	h.t.Helper()
	unmarshal(h.t, []byte(h.verb(dir, append(args, "--json")...)), &s)
	return s
}

func TestStopTakesDependentsFirstNamesThemAndStartBringsBackWhatIsNeeded(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "trap 'echo db ends >>../order; exit 0' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "^up" }
working_dir = "w"
[services.api]
command = "trap 'sleep 0.2; echo api ends >>../order; exit 0' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "^up" }
depends_on = ["db"]
working_dir = "w"
[services.other]
command = "sleep 1000"
port = false
`, "w/x", "")
	r := h.up(dir)
	r.wait("all ready")
	out := h.verb(dir, "stop", "db")
	expect(t, "stop db", out, `also stopping api, which depends on db`, `(?m)^api is stopped$`, `(?m)^db is stopped$`)
	order, _ := os.ReadFile(filepath.Join(dir, "order"))
	if string(order) != "api ends\ndb ends\n" {
		t.Errorf("they ended in the order %q", order)
	}
	r.wait("api is stopped")
	s := h.verbJSON(dir, "start", "api")
	if len(s.Services) != 1 || s.Services[0].Name != "api" || s.Services[0].State != "ready" || s.Services[0].PID == 0 {
		t.Errorf("start api: %+v", s)
	}
	out = h.verb(dir, "start", "db")
	expect(t, "start db", out, `db is ready already`)
	r.stop()
	noneLeft(t, dir)
}

func TestStopWaitsForTheWholeTree(t *testing.T) {
	need(t, "setsid")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "setsid sleep 1001 & (setsid sleep 1002 &) ; exec sleep 1004"
port = false
`)
	r := h.up(dir)
	r.wait("all ready")
	eventually(t, "three sleeps run", func() bool { return len(processes(dir)) >= 3 })
	h.verb(dir, "stop", "api")
	noneLeft(t, dir)
}

func TestARunGoesOnWhenEverythingInItWasStoppedByName(t *testing.T) {
	for name, file := range map[string]string{"lhrun.toml": idle, "Procfile": "api: sleep 1000\ndb: sleep 1000\n"} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout(name, file)
			r := h.up(dir)
			r.wait("all ready")
			h.verb(dir, "stop", "api", "db")
			r.wait("db is stopped")
			noneLeft(t, dir)
			h.verb(dir, "start", "api", "db")
			r.wait("api is ready")
			r.stop()
			noneLeft(t, dir)
		})
	}
}

// TestManyRestartsOfASlowStopperNeverOverlap: each incarnation takes 300 ms to
// stop, holds a lock while it lives, and wants the same port. Five at a time are
// restarted, 200 times in all.
func TestManyRestartsOfASlowStopperNeverOverlap(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 2
	}
	names := []string{"a", "b", "c", "d", "e"}
	file := "dotenv = false\n[defaults]\ncommand = [\"slowstop\"]\nrestart = \"no\"\n"
	for _, name := range names {
		file += "[services." + name + "]\n"
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", file)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	ports := map[string]int{}
	for _, name := range names {
		ports[name] = h.port(dir, name)
	}
	for i := range rounds {
		s := h.verbJSON(dir, append([]string{"restart"}, names...)...)
		if len(s.Services) != len(names) {
			t.Fatalf("round %d: %+v", i+1, s)
		}
		for _, svc := range s.Services {
			if svc.State != "ready" || svc.Restarts != i+1 || svc.Port != ports[svc.Name] {
				t.Fatalf("round %d: %+v", i+1, svc)
			}
		}
	}
	for _, bad := range []string{"overlap", "conflict"} {
		if text, err := os.ReadFile(filepath.Join(dir, bad)); err == nil {
			t.Errorf("%s: %s", bad, text)
		}
	}
}

func TestRestartSaysWhyAServiceDoesNotComeBack(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "test ! -e broken || { echo no luck; exit 3; }; echo up; exec sleep 1000"
port = false
restart = "no"
ready = { log = "^up" }
[services.other]
command = "sleep 1000"
port = false
`)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"restart", "start"} {
		out, errs, code := h.output(dir, verb, "api")
		if code != 1 {
			t.Errorf("%s: exit code %d, want 1: %s%s", verb, code, out, errs)
		}
		expect(t, verb, errs, `api exited with code 3\n`, `api: no luck\n`, `api failed\n`)
	}
}

func TestVerbsNotDoneInTimeAreExitCode4(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "trap 'until [ -e go ]; do sleep 0.02; done; exit 0' TERM; echo up; while :; do sleep 0.02; done"
port = false
ready = { log = "^up" }
stop = { timeout = "10m" }
`)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	for _, verb := range []string{"stop", "restart"} {
		out, errs, code := h.output(dir, verb, "api", "--timeout", "200ms")
		if code != 4 {
			t.Errorf("%s: exit code %d, want 4: %s%s", verb, code, out, errs)
		}
		expect(t, verb, errs, `not done within 200ms: .*api`)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTwoWorktreesLiveByVerbsAloneAndNeverMeet(t *testing.T) {
	need(t, "git", "python3")
	h := newHome(t)
	main := h.checkout("lhrun.toml", `
name = "shop"
dotenv = false
[services.db]
command = "exec python3 -u -m http.server $PORT --bind $HOST"
[services.api]
command = "exec python3 -u -m http.server $PORT --bind $HOST"
depends_on = ["db"]
`)
	other := filepath.Join(t.TempDir(), "feature")
	git(t, main, "init", "-q")
	git(t, main, "add", ".")
	git(t, main, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first")
	git(t, main, "worktree", "add", "-q", other)
	var runs []*run
	for _, dir := range []string{main, other} {
		h.t.Cleanup(func() { h.down(dir) })
		runs = append(runs, h.up(dir, "-d"))
	}
	seen := map[int]string{}
	for i, dir := range []string{main, other} {
		if code := runs[i].code(); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, runs[i].text())
		}
		s := h.verbJSON(dir, "restart", "api", "db")
		for _, svc := range s.Services {
			if svc.State != "ready" || svc.Port == 0 || seen[svc.Port] != "" || svc.Restarts != 1 {
				t.Errorf("%s in %s: %+v; the port is also of %q", svc.Name, dir, svc, seen[svc.Port])
			}
			seen[svc.Port] = svc.Name + " in " + dir
			if !strings.HasSuffix(svc.URL, ":"+strconv.Itoa(svc.Port)) {
				t.Errorf("%s has port %d and url %s", svc.Name, svc.Port, svc.URL)
			}
		}
		if stopped := h.verbJSON(dir, "stop", "db"); len(stopped.Services) != 2 {
			t.Errorf("stop db: %+v", stopped)
		}
	}
	if s := h.verbJSON(main, "start", "api"); s.Instance != "main" {
		t.Errorf("the main checkout is instance %q", s.Instance)
	}
	h.verb(other, "down")
	if s := h.verbJSON(main, "start", "db", "api"); s.Services[0].State != "ready" {
		t.Errorf("down in one worktree reached the other: %+v", s)
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}
