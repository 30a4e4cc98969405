package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// checkoutAt writes a project with a port into dir.
func (h *home) checkoutAt(dir string) {
	h.write(dir, "lhrun.toml", placed("gone", `"auto"`))
}

func (h *home) ok(dir string, args ...string) string {
	h.t.Helper()
	out, errs, code := h.output(dir, args...)
	if code != 0 {
		h.t.Errorf("lhrun %q: exit code %d: %s%s", args, code, out, errs)
	}
	return out + errs
}

// A new checkout of the same name has nothing to do with the run of a deleted one, which
// keeps its ports, is named, and can be ended.
func TestARunWhoseDirectoryWasDeleted(t *testing.T) {
	h := newHome(t)
	base := t.TempDir()
	old, fresh := filepath.Join(base, "c1"), filepath.Join(base, "c2")
	h.checkoutAt(old)
	h.ok(old, "up", "-d")
	before := h.ok(old, "port", "a")
	_, supervisor := h.record()
	t.Cleanup(func() { h.ok(base, "down", "--all"); noneLeft(t, old) })
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	h.checkoutAt(fresh)
	if after := h.ok(fresh, "port", "a"); after == before {
		t.Errorf("port %s belongs to two", after)
	}
	if told := h.ok(fresh, "up", "-d"); strings.Contains(told, "runs already") {
		t.Errorf("it joined: %s", told)
	}
	expect(t, "ps --all", h.ok(base, "ps", "--all"), `gone \(main\), pid \d+, in \S+c1, which is gone: "lhrun down --all" ends it`, `gone \(c2-\w+\), pid \d+, in \S+c2\n`)
	var all []struct{ Instance string }
	if out, _, _ := h.output(base, "ps", "--all", "--json"); json.Unmarshal([]byte(out), &all) != nil || len(all) != 2 {
		t.Errorf("ps --all --json: %s", out)
	}
	expect(t, "ports", h.ok(base, "ports"), `c1, which is gone: "lhrun down --all" ends it`)
	out, _, _ := h.output(base, "doctor")
	expect(t, "doctor", out, `warn +runs +gone \(main\), pid \d+, runs in \S+c1, which is gone`)
	h.ok(fresh, "down")
	if _, now := h.record(); now != supervisor {
		t.Errorf("the run of the deleted checkout was ended too")
	}
	expect(t, "down --all", h.ok(base, "down", "--all"), "stopped 1 service")
	if _, errs, code := h.output(base, "ps", "--all"); code != 5 {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// A directory that was deleted and made again is another one: nobody joins the old run
// there, but it can be looked at, changed and ended.
func TestADirectoryDeletedAndMadeAgain(t *testing.T) {
	h := newHome(t)
	dir := filepath.Join(t.TempDir(), "c1")
	h.checkoutAt(dir)
	h.ok(dir, "up", "-d")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	h.checkoutAt(dir)
	for _, args := range [][]string{{"up", "-d"}, {"up"}, {"run", "--", "true"}} {
		_, errs, code := h.output(dir, args...)
		if code != 1 || !strings.Contains(errs, `in a directory that was deleted; "lhrun down" ends it`) {
			t.Errorf("%q: exit code %d: %s", args, code, errs)
		}
	}
	h.ok(dir, "plan")
	h.ok(dir, "reload")
	h.ok(dir, "ps")
	expect(t, "down", h.ok(dir, "down"), "stopped 1 service")
	h.ok(dir, "up", "-d")
	h.down(dir)
}

// After a rename of the directory every verb speaks of the same run, also where the file
// leaves the name to the directory, and a project of the new name was there before.
func TestARunWhoseDirectoryWasRenamed(t *testing.T) {
	for kind, file := range map[string]string{
		"named":    placed("gone", `"auto"`),
		"nameless": strings.Replace(placed("gone", `"auto"`), `name = "gone"`, "", 1),
		"Procfile": "a: echo on $PORT; exec sleep 1000\n",
	} {
		t.Run(kind, func(t *testing.T) {
			h := newHome(t)
			base := t.TempDir()
			dir, renamed := filepath.Join(base, "c1"), filepath.Join(base, "c2")
			name := "lhrun.toml"
			if kind == "Procfile" {
				name = kind
			}
			h.write(renamed, name, file)
			h.ok(renamed, "up", "-d")
			h.ok(renamed, "down")
			if err := os.RemoveAll(renamed); err != nil {
				t.Fatal(err)
			}
			h.write(dir, name, file)
			h.ok(dir, "up", "-d")
			t.Cleanup(func() { h.down(renamed) })
			port := strings.TrimSpace(h.ok(dir, "port", "a"))
			if err := os.Rename(dir, renamed); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				h.sameRun(renamed, port)
			}
			if err := os.Rename(renamed, dir); err != nil {
				t.Fatal(err)
			}
			h.sameRun(dir, port)
			if err := os.Rename(dir, renamed); err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"plan", "reload"} {
				if _, errs, code := h.output(renamed, verb); code != 2 || !strings.Contains(errs, "was renamed or deleted") {
					t.Errorf("%s: exit code %d: %s", verb, code, errs)
				}
			}
			expect(t, "down", h.ok(renamed, "down"), "stopped 1 service")
		})
	}
}

// sameRun expects that verbs in dir speak of the one run there is, whose service a has port.
func (h *home) sameRun(dir, port string) {
	h.t.Helper()
	ps := h.ok(dir, "ps")
	if !matches(h.t, `a +ready +\d+ +`+port, ps) || strings.Contains(ps, "has changed") {
		h.t.Errorf("ps: %s", ps)
	}
	for _, args := range [][]string{
		{"port", "a"}, {"env"}, {"env", "a"}, {"exec", "--", "sh", "-c", "echo $A_PORT"}, {"run", "--", "sh", "-c", "echo $A_PORT"},
		{"why", "a"}, {"ports"},
	} {
		if out := h.ok(dir, args...); !strings.Contains(out, port) || strings.Count(out, port) > 1 && args[0] == "ports" {
			h.t.Errorf("%q says %q, and the port is %s", args, out, port)
		}
	}
	if up := h.ok(dir, "up", "-d"); !strings.Contains(up, "runs already") {
		h.t.Errorf("up -d: %s", up)
	}
}

// A file that gets another name while it runs has one set of services still: nothing starts
// a second one, and verbs that look at it find it.
func TestANewNameWhileItRuns(t *testing.T) {
	for kind, now := range map[string]string{"another": `name = "later"`, "none": ""} {
		t.Run(kind, func(t *testing.T) {
			h := newHome(t)
			dir := filepath.Join(t.TempDir(), "later")
			h.write(dir, "lhrun.toml", placed("early", `"auto"`))
			h.ok(dir, "up", "-d")
			t.Cleanup(func() { h.ok(dir, "down", "--all") })
			_, supervisor := h.record()
			h.write(dir, "lhrun.toml", strings.Replace(placed("early", `"auto"`), `name = "early"`, now, 1))
			h.write(dir, "other.toml", placed("other", `"auto"`))
			want := `this directory runs as early \(main\), pid ` + strconv.Itoa(supervisor) + `, and its name is later now: "lhrun down" ends that run`
			for range 2 {
				for _, args := range [][]string{{"up", "-d"}, {"up"}, {"run", "--", "true"}} {
					if out, errs, code := h.output(dir, args...); code != 2 || !matches(t, want, errs) {
						t.Errorf("%q: exit code %d: %s%s", args, code, out, errs)
					}
				}
				expect(t, "ps", h.ok(dir, "ps"), `a +ready`)
				expect(t, "restart", h.ok(dir, "restart", "a"), `a is ready`)
			}
			h.ok(dir, "-f", "other.toml", "up", "-d") // Another file is another project.
			h.ok(dir, "-f", "other.toml", "down")
			h.write(dir, "lhrun.toml", "nonsense")
			expect(t, "down", h.ok(dir, "down"), "stopped 1 service")
			h.write(dir, "lhrun.toml", strings.Replace(placed("early", `"auto"`), `name = "early"`, now, 1))
			expect(t, "up", h.ok(dir, "up", "-d"), `later \(main\): starting`)
		})
	}
}
