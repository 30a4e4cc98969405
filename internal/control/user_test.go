//go:build unix

package control

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asStranger runs the test binary in a role as another user.
func asStranger(t *testing.T, role string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(exe) // It lies in a directory that others can't enter.
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(openDir(t), "control.test")
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied)
	cmd.Dir = "/"
	cmd.Env = []string{roleVar + "=" + role}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// openDir is a temporary directory that everybody may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := shortDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func says(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("another user does not get %q:\n%s", want, out)
		}
	}
}

func TestAnotherUserCanNeitherConnectNorRead(t *testing.T) {
	path := filepath.Join(openDir(t), "run", "test.sock")
	s, err := Listen(path, &fake{snapshot: func() Snapshot { return Snapshot{Project: "secret"} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	says(t, asStranger(t, "try "+path), "dial: cannot reach the running lhrun: ",
		"connect: dial unix "+path+": connect: permission denied", "list: 0 open", "remove: remove "+path+": permission denied")

	// Even where the modes have been changed.
	for path, mode := range map[string]os.FileMode{filepath.Dir(path): 0o755, path: 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	says(t, asStranger(t, "try "+path), "belongs to user 0, not to you (user 65534)",
		"connect: <nil>", `answer: ""`, "remove: remove "+path+": permission denied")
	dialed(t, path)
}

func TestAnotherUsersSocketIsNotTrusted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const text = "belongs to user 65534, not to you (user 0)"
	refused := func(what, path string) {
		t.Helper()
		if _, err := Dial(ctxOf(t), path); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: the client says %v", what, err)
		}
		s, err := Listen(path, &fake{})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: the server says %v", what, err)
		}
	}
	dir := shortDir(t)
	path := filepath.Join(dir, "test.sock")
	stale(t, path)
	if err := os.Lchown(path, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	refused("socket", path)
	if err := os.Lchown(dir, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	refused("directory", path)
}
