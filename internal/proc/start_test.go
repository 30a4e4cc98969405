//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStartErrorsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("plain", "echo", 0o644)
	write("noformat", "\x01\x02", 0o755)
	write("noint", "#!/does/not/exist\n", 0o755)
	path := []string{"PATH=" + dir}
	for _, c := range []struct {
		name string
		spec Spec
		is   error
		says string
	}{
		{"nothing", Spec{}, nil, "cannot start: no command"},
		{"unknown", Spec{Argv: []string{"foo"}, Env: path}, exec.ErrNotFound, `cannot start "foo": not found in PATH`},
		{"empty PATH", Spec{Argv: []string{"sh"}, Env: []string{"PATH="}}, exec.ErrNotFound, "not found in PATH"},
		{"missing", Spec{Argv: []string{"./foo"}, Dir: dir}, fs.ErrNotExist, `cannot start "./foo": no such file`},
		{"plain in PATH", Spec{Argv: []string{"plain"}, Env: path}, fs.ErrPermission, "is not executable"},
		{"plain", Spec{Argv: []string{"./plain"}, Dir: dir}, fs.ErrPermission, `"./plain": not executable`},
		{"directory", Spec{Argv: []string{dir}}, fs.ErrPermission, "is a directory"},
		{"no format", Spec{Argv: []string{"noformat"}, Env: path}, syscall.ENOEXEC, "exec format error"},
		{"no interpreter", Spec{Argv: []string{"noint"}, Env: path}, fs.ErrNotExist, "the interpreter of"},
		{"no directory", Spec{Argv: []string{"/bin/sh"}, Dir: dir + "/x"}, fs.ErrNotExist, "working directory " + dir + "/x: no such"},
		{"file as directory", Spec{Argv: []string{"/bin/sh"}, Dir: dir + "/plain"}, syscall.ENOTDIR, "working directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newTable(t).Start(c.spec)
			if err == nil {
				p.Output().Close()
				t.Fatal("it started")
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want %q, wrapping %v", err, c.says, c.is)
			}
		})
	}
}

func TestCommandIsLookedUpInPathOfEnvAndRelativeToDir(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "bin"), 0o755)
	script := filepath.Join(dir, "bin", "tool")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"ready $0\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, argv0, path, want string }{
		{"absolute PATH", "tool", "/nowhere:" + dir + "/bin", script},
		{"relative PATH", "tool", "bin", "bin/tool"},
		{"slash", "bin/tool", "/nowhere", "bin/tool"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startSpec(t, newTable(t), Spec{Argv: []string{c.argv0}, Dir: dir, Env: []string{"PATH=" + c.path}})
			if got := p.line("ready "); got != c.want {
				t.Errorf("ran %q, want %q", got, c.want)
			}
		})
	}
}

func TestExitIsToldAsItWas(t *testing.T) {
	table := newTable(t)
	for role, want := range map[string]string{"code 0": "exited with code 0", "code 3": "exited with code 3", "code 255": "exited with code 255"} {
		p := start(t, table, role)
		p.waitDone()
		if p.Exit().String() != want {
			t.Errorf("%s: %v", role, p.Exit())
		}
	}
	p := start(t, table, "sleep")
	p.line("ready")
	if p.Exit() != (Exit{}) {
		t.Error("exit before the end:", p.Exit())
	}
	p.Signal(syscall.SIGQUIT)
	p.waitDone()
	p = start(t, table, "sleep")
	p.line("ready")
	p.Signal(syscall.SIGKILL)
	p.waitDone()
	if e := p.Exit(); e != (Exit{Code: 137, Signal: syscall.SIGKILL}) || e.String() != "was killed by SIGKILL" {
		t.Error(e)
	}
}

func TestLeadersExitIsSeenWhileAGrandchildHoldsTheOutput(t *testing.T) {
	p := start(t, newTable(t), "holder")
	holder := p.id("ready") // it says so at its own time, and so does the leader
	began := time.Now()
	p.waitDone()
	if took := time.Since(began); took > time.Second {
		t.Errorf("seen after %v", took)
	}
	if err := p.End(syscall.SIGTERM, patience, nil); err != nil || Alive(holder) {
		t.Error("the holder lives:", err)
	}
}

func TestChildrenGetNoDescriptorButTheirOwn(t *testing.T) {
	// One that this program inherited would look like this.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	unix.FcntlInt(w.Fd(), unix.F_SETFD, 0)
	table := newTable(t)
	for range 10 {
		start(t, table, "sleep")
	}
	p := start(t, table, "fds")
	if got := p.line("files"); got != "0 1 2" {
		t.Error("inherited:", got)
	}
	if got := p.line("blocking"); got != "true" {
		t.Error("the child's output does not block")
	}
	s := roleSpec("fds")
	s.Files = []*os.File{r, w}
	if got := startSpec(t, table, s).line("files"); got != "0 1 2 3 4" {
		t.Error("with two files:", got)
	}
	s = roleSpec("fds")
	s.TTY = true
	if got := startSpec(t, table, s).line("files"); got != "0 1 2" {
		t.Error("on a terminal:", got)
	}
}

func TestChildrenStartWithSignalsAtTheirDefaults(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("read from /proc")
	}
	// As nohup and a script's & have it, one level up.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGTTIN)
	defer signal.Reset(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGTTIN)
	p := start(t, newTable(t), "signals")
	for _, set := range []string{"SigBlk:", "SigIgn:"} {
		if got := p.line(set); strings.Trim(got, "0") != "" {
			t.Error(set, got)
		}
	}
}

func TestOutputGoesToTheFileThatIsGiven(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := roleSpec("holder")
	s.Output = f
	p := startSpec(t, newTable(t), s)
	if p.Output() != nil {
		t.Error("there is a pipe too")
	}
	p.waitDone()
	eventually(t, "both lines", func() bool {
		text, _ := os.ReadFile(f.Name())
		return strings.Contains(string(text), "leaving") && strings.Contains(string(text), "ready")
	})
	p.End(syscall.SIGKILL, 0, nil)
}

func TestTTYHasItsSizeAndResizeTellsTheChild(t *testing.T) {
	s := roleSpec("size")
	s.TTY, s.Size = true, Size{Rows: 33, Cols: 111}
	p := startSpec(t, newTable(t), s)
	if got := p.line("size"); got != "33 111" {
		t.Error("began with", got)
	}
	p.Resize(Size{Rows: 50, Cols: 200})
	if got := p.line("size"); got != "50 200" {
		t.Error("resized to", got)
	}
	if err := p.End(syscall.SIGTERM, patience, nil); err != nil {
		t.Error(err)
	}
	p.Resize(Size{Rows: 1, Cols: 1}) // does nothing
}

func TestTwoHundredStartAtOnceAndEndAtOnce(t *testing.T) {
	table := newTable(t)
	var wg sync.WaitGroup
	errs := make(chan error, 400)
	pids := make(chan int, 200)
	for range 200 {
		wg.Go(func() {
			p, err := table.Start(Spec{Argv: []string{"sleep", "1000"}, Env: os.Environ()})
			if err != nil {
				errs <- err
				return
			}
			defer p.Output().Close()
			pids <- p.PID()
			errs <- p.End(syscall.SIGTERM, patience, nil)
			if p.Exit().Signal != syscall.SIGTERM {
				errs <- errors.New(p.Exit().String())
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	close(pids)
	for pid := range pids {
		if s, ok := readStat(pid); ok && s.ppid == os.Getpid() {
			t.Errorf("pid %d is not reaped", pid)
		}
	}
}

func TestClosedTableStartsNothingAndHasEndedAll(t *testing.T) {
	table := NewTable()
	p := start(t, table, "ignore-term")
	id := p.id("ready")
	table.Close()
	table.Close()
	if Alive(id) {
		t.Error("it lives")
	}
	if _, err := table.Start(roleSpec("sleep")); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := p.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Error("signal after the end:", err)
	}
}

func TestExitIsSeenWithoutAPidfd(t *testing.T) {
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "exit 5"}, &syscall.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	if e := (waiter{pid: pid}).wait(); e.Code != 5 {
		t.Error(e)
	}
	var status syscall.WaitStatus
	if got, err := syscall.Wait4(pid, &status, 0, nil); got != pid || status.ExitStatus() != 5 {
		t.Error("it was reaped:", err)
	}
}
