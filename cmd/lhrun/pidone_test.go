package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/systems"
)

// As the first process of a container lhrun gets orphans that nobody below it has started,
// such as those of docker exec.
func TestAsTheFirstProcessLhrunReapsOrphansOfOthers(t *testing.T) {
	systems.Need(t, systems.Orphans)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has namespaces of pids")
	}
	need(t, "unshare", "nsenter")
	if err := exec.Command("unshare", "--fork", "--pid", "--mount-proc", "true").Run(); err != nil {
		t.Skipf("this system allows no namespace of pids: %v", err)
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"sleep 1000\"\nport = false\n")
	cmd := h.command(dir, "up")
	cmd.Path, _ = exec.LookPath("unshare")
	cmd.Args = append([]string{"unshare", "--fork", "--pid", "--mount-proc", "--kill-child"}, cmd.Args...)
	r := h.start(cmd)
	r.wait("all ready")
	first := onlyChild(t, r.cmd.Process.Pid)
	inside := exec.Command("nsenter", "--target", strconv.Itoa(first), "--pid", "--mount", "sh", "-c", "sleep 0.1 & sleep 0.2 & exit 0")
	if out, err := inside.CombinedOutput(); err != nil {
		t.Skipf("nothing can be run inside: %v\n%s", err, out)
	}
	eventually(t, "the orphans have come and gone", func() bool { return len(children(t, first)) == 1 })
	for _, pid := range children(t, first) {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if strings.Contains(string(stat), ") Z ") {
			t.Errorf("%d stays a zombie", pid)
		}
	}
	_ = syscall.Kill(first, syscall.SIGTERM)
	r.code()
}
