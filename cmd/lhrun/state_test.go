package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/testmount"
)

// impostors are what can be in the place of a file of lhrun's own.
var impostors = map[string]func(path, target string) error{
	"a directory":     func(path, _ string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) },
	"a pipe":          func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
	"a device":        func(path, _ string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|3) },
	"a link":          func(path, target string) error { return os.Symlink(target, path) },
	"a dangling link": func(path, _ string) error { return os.Symlink("nowhere", path) },
}

// Whatever is in the place of one of lhrun's own files, verbs work as if it were missing.
func TestDamagedPlacesHeal(t *testing.T) {
	for _, place := range []string{"ports.lock", "projects/quiet/main/lock", "projects/quiet/main/run.json", "projects/quiet/main/last.json", "projects/quiet/main/lhrun.log"} {
		for name, make := range impostors {
			t.Run(filepath.Base(place)+" is "+name, func(t *testing.T) {
				h := newHome(t)
				victim := filepath.Join(t.TempDir(), "victim")
				if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(h.dir, "state/lhrun", place)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := make(path, victim); err != nil {
					t.Skip(err)
				}
				dir := h.checkout("lhrun.toml", quiet)
				if _, errs, code := h.output(dir, "port", "a"); code != 2 || !strings.Contains(errs, "has no port") {
					t.Errorf("port: exit code %d: %s", code, errs)
				}
				if out, errs, code := h.background(dir); code != 0 {
					t.Fatalf("exit code %d: %s%s", code, out, errs)
				}
				if out, errs, code := h.output(dir, "ps"); code != 0 || !strings.Contains(out, "ready") {
					t.Errorf("ps: exit code %d: %s%s", code, out, errs)
				}
				h.down(dir)
				if data, err := os.ReadFile(victim); err != nil || string(data) != "precious" {
					t.Errorf("the victim is %q, %v", data, err)
				}
			})
		}
	}
}

// as makes a command one of another user.
func as(cmd *exec.Cmd, uid int) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	return cmd
}

// ordinary is a user who has no other processes.
const ordinary = 64901

// userHome is a home that belongs to an ordinary user, and one of that user's projects.
func userHome(t *testing.T) (h *home, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become other users")
	}
	h = newHome(t)
	dir = h.checkout("lhrun.toml", served)
	for _, path := range []string{filepath.Dir(lhrunPath(t)), filepath.Dir(h.dir), filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{h.dir, filepath.Join(h.dir, "run"), dir} {
		if err := os.Chown(path, ordinary, ordinary); err != nil {
			t.Fatal(err)
		}
	}
	return h, dir
}

// served is a project with a port, whose service listens nowhere.
const served = `
name = "served"
[services.a]
command = "exec sleep 1000"
ready = { exec = "true" }
[services.b]
command = "exec sleep 1000"
port = false
`

// Root with a user's HOME makes nothing that the user could not use any more.
func TestRootLocksNoUserOut(t *testing.T) {
	h, dir := userHome(t)
	for _, args := range [][]string{{"port", "a"}, {"up", "-d"}, {"ps"}, {"run", "--", "true"}, {"check"}} {
		_, errs, code := h.output(dir, args...)
		if code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "belongs to user 64901") {
			t.Errorf("%q as root: exit code %d: %s", args, code, errs)
		}
	}
	left, err := os.ReadDir(h.dir)
	if err != nil || len(left) != 1 {
		t.Errorf("root has left %v, %v", left, err)
	}
	if out, err := as(h.command(dir, "port", "a"), ordinary).CombinedOutput(); err != nil {
		t.Errorf("the user after that: %v: %s", err, out)
	}
}

// What root writes into a user's project stays the user's.
func TestRootWritesPortFilesForTheirUser(t *testing.T) {
	_, dir := userHome(t)
	root := newHome(t)
	if out, errs, code := root.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	info, err := os.Stat(filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != ordinary {
		t.Errorf(".env belongs to user %d", uid)
	}
}

// Where the state directory may only be read, verbs that read work, and down ends what
// runs with code 0.
func TestAReadOnlyStateDirectory(t *testing.T) {
	h, dir := userHome(t)
	verb := func(args ...string) (string, int) {
		cmd := as(h.command(dir, args...), ordinary)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	before, code := verb("port", "a")
	if code != 0 {
		t.Fatal(before)
	}
	if out, code := verb("up", "-d", "b"); code != 0 {
		t.Fatal(out)
	}
	t.Cleanup(func() { noneLeft(t, dir) })
	var dirs []string
	err := filepath.WalkDir(filepath.Join(h.dir, "state"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o400)
		if d.IsDir() {
			dirs, mode = append(dirs, path), 0o500
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, path := range dirs {
			_ = os.Chmod(path, 0o700)
		}
	})
	for _, args := range [][]string{{"port", "a"}, {"ps"}, {"check"}, {"env"}, {"ports"}, {"why", "b"}, {"plan"}, {"logs"}} {
		out, code := verb(args...)
		if code != 0 || args[0] == "port" && out != before {
			t.Errorf("%q: exit code %d: %s", args, code, out)
		}
	}
	other := h.checkout("lhrun.toml", served) // One that the registry does not know.
	cmd := as(h.command(other, "port", "a"), ordinary)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("port of a new checkout: %v: %s", err, out)
	}
	if out, code := verb("down"); code != 0 {
		t.Errorf("down: exit code %d: %s", code, out)
	}
}

// A sandbox may show the state directory without the right to write there, and before
// there is anything in it.
func TestVerbsThatReadNeedNoStateDirectory(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", served)
	state := filepath.Join(h.dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	verb := func(args ...string) (string, int) {
		t.Helper()
		cmd := h.command(dir, args...)
		cmd.Args = slices.Concat([]string{"readonly", state, cmd.Path}, args)
		var err error
		if cmd.Path, err = exec.LookPath("readonly"); err != nil {
			t.Fatal(err)
		}
		out, _ := cmd.CombinedOutput()
		code := codeOf(cmd.ProcessState)
		if code == testmount.Impossible {
			t.Skip(string(out))
		}
		return string(out), code
	}
	for _, args := range [][]string{{"ports"}, {"port", "a"}, {"url", "a"}, {"env"}, {"check"}, {"plan"}, {"down"}} {
		if out, code := verb(args...); code != 0 {
			t.Errorf("%q where nothing is: exit code %d: %s", args, code, out)
		}
	}
	for verbArg, want := range map[string]string{"ps": "does not run", "doctor": "cannot write in", "up": "set XDG_STATE_HOME"} {
		if out, code := verb(verbArg); code == 0 || !strings.Contains(out, want) || strings.Contains(out, "no such file") {
			t.Errorf("%s where nothing is: exit code %d: %s", verbArg, code, out)
		}
	}
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("up: exit code %d: %s%s", code, out, errs)
	}
	for _, args := range [][]string{{"ports"}, {"ps"}, {"port", "a"}, {"url", "a"}, {"env"}, {"check"}, {"plan"}, {"logs"}, {"why", "a"}, {"wait"}, {"down"}} {
		if out, code := verb(args...); code != 0 {
			t.Errorf("%q of a run: exit code %d: %s", args, code, out)
		}
	}
	noneLeft(t, dir)
}
