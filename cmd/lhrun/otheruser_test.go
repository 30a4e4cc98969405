package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const nobody = 65534

// asNobody is a checkout of the user nobody, whose service becomes root by a program that
// is setuid, and then ignores every signal that asks it to end.
func asNobody(t *testing.T) (command func(args ...string) *exec.Cmd, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a program setuid and run lhrun as another user")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.MkdirTemp("", "lhrun-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	dir = filepath.Join(base, "shop")
	become, lhrun := filepath.Join(base, "becomeroot"), filepath.Join(base, "lhrun")
	for _, c := range [][]string{
		{"mkdir", "-m", "0755", dir, filepath.Join(base, "state")}, {"chmod", "0755", base},
		{"cp", self, become}, {"chmod", "4755", become}, {"cp", lhrunPath(t), lhrun},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	text := "dotenv = false\n[services.deaf]\ncommand = [" + strconv.Quote(become) + "]\n" +
		"port = false\nready = { log = \"root now\" }\nstop = { timeout = \"1s\" }\n"
	if err := os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(base, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == become || path == base {
			return err
		}
		return os.Chown(path, nobody, nobody)
	}); err != nil {
		t.Fatal(err)
	}
	h := &home{t, base}
	return func(args ...string) *exec.Cmd {
		cmd := exec.Command(lhrun, args...)
		cmd.Dir, cmd.Env = dir, append(h.environ(), "XDG_RUNTIME_DIR=")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return cmd
	}, dir
}

// becomeroot is the program that does so.
func becomeroot() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	if err := syscall.Setreuid(0, 0); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("root now", os.Getpid())
	time.Sleep(10 * time.Minute)
}

// rootNow waits for the line in which the service tells that it is root, and sees to the
// end of the process, which is not lhrun's to end.
func rootNow(t *testing.T, out string) int {
	t.Helper()
	_, text, _ := strings.Cut(out, "root now ")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(text, "\n", 2)[0]))
	if err != nil {
		t.Skipf("the program did not become root, on a disk that allows no setuid perhaps:\n%s", out)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

func TestWhatBelongsToAnotherUserIsNamedAndKeepsNobodyFromEnding(t *testing.T) {
	command, _ := asNobody(t)
	h := &home{t: t}
	r := h.start(command("up"))
	r.wait("root now|exited|failed")
	pid := rootNow(t, r.text())
	r.signal(syscall.SIGINT)
	r.wait("Ctrl-C again kills")
	began := time.Now()
	r.pressAgain(syscall.SIGINT)
	code := r.code()
	text := r.text()
	if code != 1 || !matches(t, "pid "+strconv.Itoa(pid)+`.*belongs to root, and lhrun may not signal it`, text) {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(began), text)
	}
	if strings.Contains(text, "stopped 1 service") {
		t.Errorf("it counts as stopped:\n%s", text)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the second Ctrl-C took %v", took)
	}
}

func TestWhatCouldNotBeEndedHasNotStoppedAndNothingStartsBesideIt(t *testing.T) {
	command, _ := asNobody(t)
	verb := func(args ...string) (string, int) {
		cmd := command(args...)
		out, _ := cmd.CombinedOutput()
		return string(out), codeOf(cmd.ProcessState)
	}
	if out, code := verb("up", "-d"); code != 0 {
		t.Skipf("the program did not become root: code %d\n%s", code, out)
	}
	logs, _ := verb("logs", "deaf")
	pid := rootNow(t, logs)
	if out, code := verb("stop", "deaf"); code != 1 || !strings.Contains(out, "belongs to root") {
		t.Errorf("stop: code %d\n%s", code, out)
	}
	if out, code := verb("start", "deaf", "--timeout", "10s"); code == 0 {
		t.Errorf("start: code %d\n%s", code, out)
	}
	if logs, _ = verb("logs", "deaf"); strings.Count(logs, "root now") != 1 {
		t.Errorf("it was started beside what goes on:\n%s", logs)
	}
	if out, code := verb("down"); code != 1 || !strings.Contains(out, "pid "+strconv.Itoa(pid)) || strings.Contains(out, "is down") {
		t.Errorf("down: code %d\n%s", code, out)
	}
}
