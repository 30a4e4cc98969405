//go:build !portable

package ports

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestTheProcOfAnotherNamespaceIsRefused(t *testing.T) {
	if err := CheckProc(); err != nil {
		t.Fatal("this process's own:", err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"=procview")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Skip("no pid namespaces here:", err)
	}
	if text := string(out); !strings.Contains(text, "/proc is that of another pid namespace") || !strings.Contains(text, "and 1 here") {
		t.Errorf("said %q", text)
	}
	if !strings.Contains(string(out), "names 0") {
		t.Errorf("it names a process by a foreign number: %q", out)
	}
}
