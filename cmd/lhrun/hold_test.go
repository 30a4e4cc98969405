package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const heldProject = `
name = "held"
dotenv = false
[services.db]
command = "echo $$ >> db.pids; echo up; exec sleep 1000"
ready = { log = "up" }
port = false
autostart = false
[services.api]
command = "exec sleep 1000"
port = false
`

// until runs a command that ends with 0 when the file exists, and with 7 when db is gone.
const until = `touch $0.here; while ! test -e $0; do kill -0 $(tail -1 db.pids) || exit 7; sleep 0.02; done`

func (h *home) exists(path string) bool { _, err := os.Stat(path); return err == nil }

// using starts a run that uses db until end is called for it.
func (h *home) using(dir, name string) (r *run, end func()) {
	h.t.Helper()
	r = h.start(h.command(dir, "run", "--with", "db", "--", "sh", "-c", until, name))
	eventually(h.t, name+" runs", func() bool { return h.exists(filepath.Join(dir, name+".here")) })
	return r, func() { h.write(dir, name, "") }
}

// The first run to end takes no service from under the second, whoever has begun it, and
// the last one leaves nothing of what was started for them.
func TestTheLastRunThatUsesAServiceEndsIt(t *testing.T) {
	for _, host := range []string{"up", "run"} {
		t.Run(host, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", heldProject)
			if host == "up" {
				if out, errs, code := h.background(dir); code != 0 {
					t.Fatal(out, errs)
				}
			}
			first, endFirst := h.using(dir, "first")
			second, endSecond := h.using(dir, "second")
			endFirst()
			first.endsWith(0)
			third, endThird := h.using(dir, "third")
			endSecond()
			second.endsWith(0)
			endThird()
			third.endsWith(0)
			if pids, _ := os.ReadFile(filepath.Join(dir, "db.pids")); strings.Count(string(pids), "\n") != 1 {
				t.Errorf("db had several lives: %q", pids)
			}
			if host == "run" {
				noneLeft(t, dir)
				if out, errs, code := h.output(dir, "ps"); code != 5 {
					t.Errorf("after the last one: %d, %s%s", code, out, errs)
				}
				return
			}
			if out := h.ok(dir, "ps"); !matches(t, `db +stopped`, out) || !matches(t, `api +ready`, out) {
				t.Errorf("after the last one: %s", out)
			}
		})
	}
}

// What somebody asks for by name meanwhile stays, and what a killed client used ends.
func TestWhatIsAskedForStaysAndAKilledRunLetsGo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", heldProject)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatal(out, errs)
	}
	killed, _ := h.using(dir, "killed")
	killed.signal(syscall.SIGKILL)
	killed.code()
	eventually(t, "db is stopped", func() bool { return matches(t, `db +stopped`, h.ok(dir, "ps")) })
	asked, end := h.using(dir, "asked")
	h.ok(dir, "up", "-d", "db")
	end()
	if code := asked.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if out := h.ok(dir, "ps"); !matches(t, `db +ready`, out) {
		t.Errorf("what up asked for: %s", out)
	}
}

// An up that joins a one-off run keeps it until it leaves; up -d makes it stay.
func TestUpBesideAOneOffRunLosesNoService(t *testing.T) {
	t.Run("in the foreground", func(t *testing.T) {
		h := newHome(t)
		dir := h.checkout("lhrun.toml", heldProject)
		first, end := h.using(dir, "first")
		up := h.up(dir)
		up.wait("runs already")
		up.wait("all ready")
		end()
		first.endsWith(0)
		if out := h.ok(dir, "ps"); !matches(t, `api +ready`, out) {
			t.Errorf("what up uses: %s", out)
		}
		up.signal(syscall.SIGINT)
		up.wait("ends with the last lhrun that uses it")
		up.endsWith(0)
		eventually(t, "it is gone", func() bool { return len(processes(dir)) == 0 })
	})
	t.Run("alone", func(t *testing.T) {
		h := newHome(t)
		dir := h.checkout("lhrun.toml", heldProject)
		first, end := h.using(dir, "first")
		up := h.up(dir, "--no-deps", "api")
		up.wait("all ready")
		end()
		first.endsWith(0)
		if out := h.ok(dir, "ps"); !matches(t, `api +ready`, out) || !matches(t, `db +stopped`, out) {
			t.Errorf("what up uses: %s", out)
		}
		up.signal(syscall.SIGINT)
		up.endsWith(0)
		eventually(t, "it is gone", func() bool { return len(processes(dir)) == 0 })
	})
	t.Run("in the background", func(t *testing.T) {
		h := newHome(t)
		dir := h.checkout("lhrun.toml", heldProject)
		first, end := h.using(dir, "first")
		t.Cleanup(func() { h.down(dir) })
		h.ok(dir, "up", "-d")
		second, endSecond := h.using(dir, "second")
		end()
		first.endsWith(0)
		endSecond()
		second.endsWith(0)
		if out := h.ok(dir, "ps"); !matches(t, `api +ready`, out) || !matches(t, `db +stopped`, out) {
			t.Errorf("what up started: %s", out)
		}
	})
}

// Where a file has changed since the run read it, verbs that look at the run say so until
// a reload. A change that makes no difference is no news, nor is lhrun's own block.
func TestAChangedFileIsTold(t *testing.T) {
	h := newHome(t)
	file := strings.Replace(heldProject, "dotenv = false\n", "", 1)
	dir := h.checkout("lhrun.toml", file, ".env", "MODE=one\n")
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatal(out, errs)
	}
	verbs := [][]string{{"ps"}, {"up", "-d"}, {"restart", "api"}, {"start", "api"}}
	tells := func(want string) {
		t.Helper()
		for _, args := range verbs {
			out := h.ok(dir, args...)
			if got := strings.Contains(out, "changed since the run read"); got != (want != "") || !strings.Contains(out, want) {
				t.Errorf("%q says %q, want %q", args, out, want)
			}
		}
	}
	tells("")
	h.write(dir, "lhrun.toml", file+"# a comment\n")
	tells("")
	h.write(dir, ".env", "MODE=two\n")
	tells(".env, lhrun.toml have changed since the run read them")
	h.ok(dir, "reload")
	tells("")
	h.write(dir, "lhrun.toml", "services = 1\n")
	if out, errs, _ := h.output(dir, "ps"); !strings.Contains(out+errs, "lhrun.toml has changed since") {
		t.Errorf("with a broken file: %s%s", out, errs)
	}
}
