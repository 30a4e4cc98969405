package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/systems"
)

// lose removes directories of h, as a logout or somebody who tidies up does.
func (h *home) lose(dirs ...string) {
	h.t.Helper()
	for _, dir := range dirs {
		if err := os.RemoveAll(filepath.Join(h.dir, dir)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// placed is a project with a port and without.
func placed(name, port string) string {
	return `
name = "` + name + `"
dotenv = false
[services.a]
command = "exec sleep 1000"
ready = { exec = "true" }
port = ` + port + "\n"
}

// The user's last logout empties the runtime directory, or removes it.
func TestARunIsFoundAfterALogout(t *testing.T) {
	for _, lost := range []string{"run/lhrun", "run"} {
		t.Run(lost, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", idle)
			if out, errs, code := h.background(dir); code != 0 {
				t.Fatalf("exit code %d: %s%s", code, out, errs)
			}
			h.lose(lost)
			if out, errs, code := h.output(dir, "ps"); code != 0 || !strings.Contains(out, "ready") {
				t.Errorf("ps: exit code %d: %s%s", code, out, errs)
			}
			if out, _, _ := h.output(dir, "doctor"); !strings.Contains(out, "1 run on this machine") {
				t.Errorf("doctor: %s", out)
			}
			if out, errs, code := h.output(dir, "up", "-d"); code != 0 || !strings.Contains(out+errs, "runs already") {
				t.Errorf("up -d: exit code %d: %s%s", code, out, errs)
			}
			if out, errs, code := h.output(dir, "down"); code != 0 || !strings.Contains(out+errs, "stopped 2 services") {
				t.Errorf("down: exit code %d: %s%s", code, out, errs)
			}
			noneLeft(t, dir)
		})
	}
}

// A lease, or an answer, proves that a checkout runs whose state was removed: nobody
// starts it a second time, or takes it for ended.
func TestARunIsFoundThoughItsStateWasRemoved(t *testing.T) {
	for name, c := range map[string]struct {
		port string
		lost []string
	}{
		"state": {`"auto"`, []string{"state"}}, "state of a service without a port": {"false", []string{"state"}},
		"state and runtime": {`"auto"`, []string{"state", "run"}},
	} {
		for _, verb := range []string{"up", "down", "ps"} {
			t.Run(name+", "+verb, func(t *testing.T) {
				t.Parallel()
				if len(c.lost) > 1 {
					systems.Need(t, systems.State)
				}
				h := newHome(t)
				dir := h.checkout("lhrun.toml", placed(fmt.Sprintf("placed-%d-%d-%s", len(c.lost), len(c.port), verb), c.port))
				if out, errs, code := h.background(dir); code != 0 {
					t.Fatalf("exit code %d: %s%s", code, out, errs)
				}
				before, _, _ := h.output(dir, "port", "a")
				_, supervisor := h.record()
				h.lose(c.lost...)
				switch verb {
				case "up":
					if out, errs, code := h.output(dir, "up", "-d"); code != 0 || !strings.Contains(out+errs, "runs already") {
						t.Errorf("exit code %d: %s%s", code, out, errs)
					}
					if _, now := h.record(); now != supervisor {
						t.Errorf("pid %d runs, and pid %d did", now, supervisor)
					}
				case "down":
					if out, errs, code := h.output(dir, "down"); code != 0 || !strings.Contains(out+errs, "stopped 1 service") {
						t.Errorf("exit code %d: %s%s", code, out, errs)
					}
					noneLeft(t, dir)
				case "ps":
					if out, errs, code := h.output(dir, "ps"); code != 0 || !strings.Contains(out, "ready") {
						t.Errorf("exit code %d: %s%s", code, out, errs)
					}
				}
				if after, _, _ := h.output(dir, "port", "a"); after != before {
					t.Errorf("the port was %q and is %q", before, after)
				}
			})
		}
	}
}
