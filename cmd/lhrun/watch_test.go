package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// worker is a service without a port that writes its pid down.
func worker(name, keys string) string {
	return "[services." + name + "]\ncommand = '''echo $$ >>\"$LHRUN_DIR/pids/$LHRUN_SERVICE\"; echo up; exec sleep 1000'''\n" +
		"port = false\nready = { log = '^up$' }\n" + keys + "\n"
}

func lives(t testing.TB, dir, name string) int { return len(journal(t, dir)[name]) }

func TestWatchRestartsWhatChangesAndNothingElse(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", worker("api", `watch = ["src"]`)+worker("all", `watch = { paths = ["**"], ignore = ["pids/", "src/"] }`),
		"src/main.go", "1", ".gitignore", "dist/\n*.log\n", "pids/.keep", "", ".env", "# mine\n")
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "src/main.go", "2")
	r.wait(`\| api restarts: src/main.go changed$`)
	eventually(t, "api has a second life", func() bool { return lives(t, dir, "api") == 2 })

	// What git ignores and what lhrun writes are no changes: the next one is told alone.
	h.write(dir, "dist/out.js", "")
	h.write(dir, "src/debug.log", "")
	h.write(dir, "lhrun.toml", worker("api", `watch = ["src"]`)+worker("all", `watch = { paths = ["**"], ignore = ["pids/", "src/"] }`)+
		"[services.more]\ncommand = 'exec \"$LHRUN\" serve .'\n")
	r.wait(`\| all restarts: lhrun.toml changed$`)
	if out, errs, code := h.output(dir, "reload"); code != 0 || !strings.Contains(out, "write .env") {
		t.Fatalf("reload: %d %s %s", code, out, errs)
	}
	h.write(dir, "notes.txt", "")
	r.wait(`\| all restarts: notes.txt changed$`)
	if text := r.text(); strings.Contains(text, "debug.log") || strings.Contains(text, "dist/") || strings.Contains(text, ".env changed") {
		t.Errorf("told too much:\n%s", text)
	}

	// A rename, as editors save, in a directory that came later.
	h.write(dir, "src/new/deep/x.tmp", "")
	if err := os.Rename(filepath.Join(dir, "src/new/deep/x.tmp"), filepath.Join(dir, "src/new/deep/x.go")); err != nil {
		t.Fatal(err)
	}
	r.wait(`\| api restarts: src/new/deep/x.go( and 1 file more)? changed$`)
	r.stop()
	noneLeft(t, dir)
}

func TestWatchSendsASignalInsteadOfARestart(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = '''trap 'echo reread' HUP; echo up; while :; do sleep 0.05; done'''
port = false
ready = { log = "^up$" }
watch = { paths = ["*.conf"], signal = "HUP", debounce = "20ms" }
`, "api.conf", "1")
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "api.conf", "2")
	r.wait(`\| api is sent a signal \(hangup\): api.conf changed$`)
	r.wait(`^api +\| reread$`)
	r.stop()
	if strings.Contains(r.text(), "restarts") {
		t.Errorf("it restarted:\n%s", r.text())
	}
}

func TestAChangeStartsWhatHasFailedOrBacksOffAtOnce(t *testing.T) {
	h := newHome(t)
	broken := "command = '''test -e src/ok && echo up && exec sleep 1000; echo broken; exit 3'''\nport = false\nready = { log = '^up$' }\nwatch = ['src']\n"
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.failed]\nrestart = 'no'\n"+broken+
		"[services.waits]\nrestart = { backoff = '1h', max_backoff = '1h' }\n"+broken+
		"[services.after]\ncommand = 'exec sleep 1000'\nport = false\ndepends_on = ['failed']\n", "src/.keep", "")
	r := h.up(dir)
	r.wait("failed failed: exited with code 3")
	r.wait("after failed: failed failed")
	r.wait(`waits starts again in`)
	h.write(dir, "src/ok", "")
	for _, name := range []string{"failed", "waits"} {
		r.wait(`\| ` + name + ` starts again: src/ok changed$`)
		r.wait(`\| ` + name + ` is ready`)
	}
	r.wait(`\| after is ready`)
	r.stop()
}

func TestReloadChangesWhatIsWatched(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n"+worker("api", ""), "src/x", "", "lib/x", "", "pids/.keep", "")
	r := h.up(dir)
	r.wait("all ready")
	for i, paths := range []string{"src", "lib"} {
		h.write(dir, "lhrun.toml", "dotenv = false\n"+worker("api", "watch = ['"+paths+"']"))
		if out, errs, code := h.output(dir, "reload"); code != 0 || out != "update api: watch changed\n" {
			t.Fatalf("reload: %d %s %s", code, out, errs)
		}
		h.write(dir, paths+"/x", "new")
		r.wait(`\| api restarts: ` + paths + `/x changed$`)
		eventually(t, "it has another life", func() bool { return lives(t, dir, "api") == i+2 })
	}
	r.stop()
}

// TestRunningOutOfWatchesIsToldAndTheServicesRun has a limit of its own, in a user
// namespace.
func TestRunningOutOfWatchesIsToldAndTheServicesRun(t *testing.T) {
	need(t, "unshare")
	for file, limit := range map[string]string{"max_inotify_watches": "max_user_watches", "max_inotify_instances": "max_user_instances"} {
		h := newHome(t)
		dir := h.checkout("lhrun.toml", "dotenv = false\n"+worker("api", "watch = ['**']"), "a/b/c/x", "", "d/e/f/x", "", "pids/.keep", "")
		cmd := h.command(dir, "up")
		enough := map[string]string{"max_inotify_watches": "2", "max_inotify_instances": "0"}[file]
		script := "echo " + enough + " >/proc/sys/user/" + file + ` || exit 99; exec "$@"`
		cmd.Args = []string{"unshare", "-Ur", "sh", "-c", script, "sh", cmd.Path, "up"}
		cmd.Path, _ = exec.LookPath("unshare")
		if out, err := exec.Command("unshare", "-Ur", "sh", "-c", "echo "+enough+" >/proc/sys/user/"+file).CombinedOutput(); err != nil {
			t.Skipf("no user namespaces here: %s", out)
		}
		r := h.start(cmd)
		r.wait(`\| cannot watch .*: the limit fs.inotify.` + limit + ` \(\d+\) is reached; raise it with "sudo sysctl fs.inotify.` + limit + `=\d+"`)
		r.wait("all ready")
		r.stop()
		if n := strings.Count(r.text(), "cannot watch"); n != 1 {
			t.Errorf("told %d times:\n%s", n, r.text())
		}
	}
}
