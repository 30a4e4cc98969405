package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAWorkingDirectoryThatVanishedIsOneClearLine(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("api/x", "", "lhrun.toml", `
dotenv = false
[services.api]
command = "rm -r ../api; exit 1"
working_dir = "api"
port = false
restart = { backoff = "10ms" }
`)
	r := h.up(dir)
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, r.text())
	}
	r.wait(`api failed: cannot start .*working directory .*/api.*no such file or directory`)
	noneLeft(t, dir)
}

func TestAPortRangeThatIsUsedUpIsOneClearLine(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
ports.range = "21000-21001"
[services.a]
command = "echo ran"
[services.b]
command = "echo ran"
[services.c]
command = "echo ran"
`)
	out, errs, code := h.output(dir, "up")
	if code != 1 || out != "" || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, errs)
	}
	for _, want := range []string{"no port is left in 21000-21001", `service "c"`, "ports.range"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q does not say %s", errs, want)
		}
	}
}

// fullDisk is a directory on a disk of its own, of 300 KiB.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=300k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

func TestAFullDiskUnderTheLogStoreLosesNoLineOfTheStream(t *testing.T) {
	disk := fullDisk(t)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
type = "task"
command = "cat lines"
[services.b]
type = "task"
command = "echo fine"
depends_on = ["a"]
`, "lines", strings.Repeat("a line that is kept on the screen\n", 30_000))
	cmd := h.command(dir, "up")
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+filepath.Join(disk, "state"))
	r := h.start(cmd)
	if code := r.code(); code != 0 {
		t.Errorf("exit code %d, want 0: %s", code, &r.errs)
	}
	if got := len(r.texts("a")); got != 30_000 {
		t.Errorf("%d lines on the screen, want 30000", got)
	}
	if got := r.texts("b"); len(got) != 1 {
		t.Errorf("b wrote %q", got)
	}
	told := 0
	for _, line := range r.texts("lhrun") {
		if strings.Contains(line, "cannot write the log") && strings.Contains(line, "no space left on device") {
			told++
		}
	}
	if told == 0 || told > 4 {
		t.Errorf("the full disk is told %d times:\n%s", told, strings.Join(r.texts("lhrun"), "\n"))
	}
	noneLeft(t, dir)
}

func TestAClosedStdoutLosesNoLineOfTheStore(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
command = "trap 'echo last words; exit 0' TERM; echo first; cat fifo; while :; do echo more; sleep 0.01; done"
port = false
`)
	if err := exec.Command("mkfifo", filepath.Join(dir, "fifo")).Run(); err != nil {
		t.Skip("no mkfifo:", err)
	}
	cmd := h.command(dir, "up")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got, buf := "", make([]byte, 4096)
	// Whatever lhrun said after the end of its output would stop the service too early.
	for !strings.Contains(got, "| first\n") || !strings.Contains(got, "all ready") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		got += string(buf[:n])
	}
	_ = out.Close()
	if err := os.WriteFile(filepath.Join(dir, "fifo"), nil, 0); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	lines := strings.Split(storedLog(t, h, "a"), "\n")
	if lines[0] != "first" || lines[len(lines)-1] != "last words" {
		t.Errorf("the store begins with %q and ends with %q", lines[0], lines[len(lines)-1])
	}
	noneLeft(t, dir)
}

// TestAReaderThatStallsKeepsNobodyFromStopping: neither the services, in order, nor
// lhrun itself at the second Ctrl-C.
func TestAReaderThatStallsKeepsNobodyFromStopping(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "trap 'echo db ends >>order; exit 0' TERM; touch db; while :; do sleep 0.05; done"
port = false
ready = { exec = "test -f db" }
[services.flood]
command = "(exec 2>/dev/null; trap 'echo flood ends >>order; exit 0' TERM; touch flood; while :; do sleep 0.05; done) & while :; do echo a line of nothing in particular; done"
port = false
stop = { timeout = "1s" }
depends_on = ["db"]
`)
	cmd := h.command(dir, "up")
	out, err := cmd.StdoutPipe() // and nobody reads it
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { _, err := cmd.Process.Wait(); exited <- err }()
	size, same := int64(-1), 0
	eventually(t, "the flood has come to a halt", func() bool {
		before := size
		files, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/logs/flood.log"))
		if len(files) == 1 {
			if info, err := os.Stat(files[0]); err == nil {
				size = info.Size()
			}
		}
		if same++; size < 30_000 || size != before {
			same = 0
		}
		time.Sleep(200 * time.Millisecond)
		return same > 5
	})
	_ = cmd.Process.Signal(os.Interrupt)
	eventually(t, "all services have ended", func() bool { return len(processes(dir)) == 0 })
	if order, _ := os.ReadFile(filepath.Join(dir, "order")); string(order) != "flood ends\ndb ends\n" {
		t.Errorf("they ended in the order %q", order)
	}
	select {
	case <-exited:
		t.Fatal("it ended with lines that nobody has seen")
	case <-time.After(300 * time.Millisecond):
	}
	_ = cmd.Process.Signal(os.Interrupt)
	select {
	case <-exited:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("the second Ctrl-C does not end it")
	}
}
