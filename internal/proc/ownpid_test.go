//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// sharedFile is the read end of a pipe that somebody has made non-blocking.
func sharedFile(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	if err := syscall.SetNonblock(int(r.Fd()), true); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAProcessFindsItsOwnPIDAndTheRestAsWithoutIt(t *testing.T) {
	spec := roleSpec("own-pid")
	spec.Env = append(spec.Env, "MY_PID=1", "a.b-c=kept")
	spec.PIDVar, spec.Files = "MY_PID", []*os.File{sharedFile(t)}
	c := startSpec(t, newTable(t), spec)
	pid := strconv.Itoa(c.PID())
	for _, line := range [][2]string{
		{"pid ", pid + " " + pid}, {"name ", os.Args[0]}, {"odd ", "kept"},
		{"files ", "0 1 2 3"}, {"blocking ", "true"}, {"three ", "true"},
	} {
		if got := c.line(line[0]); got != line[1] {
			t.Errorf("%s%s, want %s", line[0], got, line[1])
		}
	}
	c.waitDone()
	if c.Exit().Code != 0 {
		t.Error(c.Exit())
	}
}

func TestStartErrorsAreTheSameForAProcessWithItsOwnPID(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("echo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec Spec
		is   error
		says string
	}{
		{Spec{Argv: []string{"foo"}, Env: []string{"PATH=" + dir}}, exec.ErrNotFound, `cannot start "foo": not found in PATH`},
		{Spec{Argv: []string{"./foo"}, Dir: dir}, fs.ErrNotExist, `cannot start "./foo": no such file`},
		{Spec{Argv: []string{"./plain"}, Dir: dir}, fs.ErrPermission, `"./plain": not executable`},
		{Spec{Argv: []string{dir}}, fs.ErrPermission, "is a directory"},
		{Spec{Argv: []string{"/bin/sh"}, Dir: dir + "/x"}, fs.ErrNotExist, "working directory " + dir + "/x: no such"},
	} {
		c.spec.PIDVar = "MY_PID"
		p, err := newTable(t).Start(c.spec)
		if err == nil {
			p.Output().Close()
			t.Errorf("%q started", c.spec.Argv)
		} else if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q, wrapping %v", err, c.says, c.is)
		}
	}
}

func TestWhatCannotBeExecutedEndsAsInAShell(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]int{"noformat": 126, "noint": 127} {
		text := map[string]string{"noformat": "\x01\x02", "noint": "#!/does/not/exist\n"}[name]
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		c := startSpec(t, newTable(t), Spec{Argv: []string{path}, PIDVar: "MY_PID"})
		c.line("cannot start ")
		c.waitDone()
		if got := c.Exit().Code; got != want {
			t.Errorf("%s: exit code %d, want %d", name, got, want)
		}
	}
}
