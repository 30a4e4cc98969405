package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/ports"
)

// eight services that say which port they have, and stay. All checkouts have the
// same project's name, so all of them want the same numbers.
func eight(more ...string) string {
	config := "name = \"shop\"\ndotenv = false\n[defaults]\ncommand = \"echo on $PORT; exec sleep 1000\"\nready = { log = \"^on \" }\n"
	for _, name := range append(more, "admin", "api", "cache", "db", "mail", "search", "web", "worker") {
		config += "[services." + name + "]\n"
	}
	return config
}

// portsOf are the ports that the services of a run say they have.
func portsOf(r *run, services ...string) map[string]string {
	r.t.Helper()
	out := map[string]string{}
	for _, name := range services {
		for _, line := range r.texts(name) {
			if port, ok := strings.CutPrefix(line, "on "); ok {
				out[name] = port
			}
		}
	}
	return out
}

func TestThirtyCheckoutsOfEightServicesNeverShareAPortNorMove(t *testing.T) {
	const checkouts = 30
	services := []string{"admin", "api", "cache", "db", "mail", "search", "web", "worker"}
	h := newHome(t)
	dirs := make([]string, checkouts)
	for i := range dirs {
		dirs[i] = h.checkout("lhrun.toml", eight())
	}
	startAll := func() []*run {
		runs := make([]*run, checkouts)
		for i, dir := range dirs {
			runs[i] = h.up(dir)
		}
		for _, r := range runs {
			r.wait("all ready")
		}
		return runs
	}
	runs := startAll()
	first := make([]map[string]string, checkouts)
	holders := map[string]int{}
	for i, r := range runs {
		first[i] = portsOf(r, services...)
		for _, port := range first[i] {
			if other, shared := holders[port]; shared {
				t.Errorf("checkouts %d and %d share port %s", i, other, port)
			}
			holders[port] = i
		}
	}
	if len(holders) != checkouts*len(services) {
		t.Errorf("%d ports, want %d", len(holders), checkouts*len(services))
	}

	for i, r := range runs {
		if i%2 == 0 {
			if err := syscall.Kill(onlyChild(t, r.cmd.Process.Pid), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		} else {
			r.signal(syscall.SIGINT)
		}
	}
	for i, r := range runs {
		r.code()
		noneLeft(t, dirs[i])
	}

	// One more service in a third of them moves nobody either.
	for i := 0; i < checkouts; i += 3 {
		h.write(dirs[i], "lhrun.toml", eight("aaa"))
	}
	for i, r := range startAll() {
		for name, port := range portsOf(r, services...) {
			if was := first[i][name]; port != was && !h.elsewhere(was, dirs) {
				t.Errorf("%s of checkout %d had %s and has %s", name, i, was, port)
			}
		}
	}
}

// elsewhere reports whether somebody who has nothing to do with dirs has port: other
// tests run beside these.
func (h *home) elsewhere(port string, dirs []string) bool {
	h.t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		h.t.Fatal(err)
	}
	registry, err := ports.Open(ports.Options{StateDir: filepath.Join(h.dir, "state/lhrun")})
	if err != nil {
		h.t.Fatal(err)
	}
	entries, err := registry.Entries()
	if err != nil {
		h.t.Fatal(err)
	}
	return ports.Free(n) != nil || slices.ContainsFunc(entries, func(e ports.Entry) bool {
		return e.Port == n && e.Live && !slices.Contains(dirs, e.Dir)
	})
}

func TestAGitWorktreeNeverSharesAPortWithItsMainCheckout(t *testing.T) {
	need(t, "git")
	h := newHome(t)
	repo := h.checkout("lhrun.toml", eight())
	tree := filepath.Join(t.TempDir(), "feature")
	for _, args := range [][]string{
		{"init", "-q", "."}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"},
		{"worktree", "add", "-q", tree},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = repo, h.environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	inMain, inTree := h.up(repo), h.up(tree)
	inMain.wait(`shop \(main\)`)
	inTree.wait(`shop \(feature-`)
	inMain.wait("all ready")
	inTree.wait("all ready")
	for _, name := range []string{"api", "db", "web"} {
		if p, q := portsOf(inMain, name)[name], portsOf(inTree, name)[name]; p == "" || p == q {
			t.Errorf("%s has port %q in the main checkout and %q in the worktree", name, p, q)
		}
	}
	// The service in the worktree is told of its own neighbours, not of main's.
	out, _, _ := h.output(tree, "env", "--format", "dotenv")
	for name, port := range portsOf(inTree, "api", "db", "web") {
		if want := fmt.Sprintf("%s_PORT=%s\n", strings.ToUpper(name), port); !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
