package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/systems"
)

// A process that is made with CLONE_PARENT is no child of the service but its sibling:
// one as it is made, and one that has left the session and thrown its environment away.
const siblings = `
import ctypes, os, platform, sys, time
libc = ctypes.CDLL(None)
clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
for bare in (False, True):
    if libc.syscall(ctypes.c_long(clone), ctypes.c_long(0x8000 | 17), 0, 0, 0, 0) == 0:
        if bare:
            os.setsid()
        os.execve("/bin/sleep", ["sleep", "1000"], {} if bare else os.environ)
print("siblings are born", flush=True)
time.sleep(1000)
`

func siblingsUp(t *testing.T) (*home, string, *run) {
	systems.Need(t, systems.Escapes)
	need(t, "python3")
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("only Linux clones siblings")
	}
	h := newHome(t)
	dir := h.checkout("siblings.py", siblings, "lhrun.toml", `
dotenv = false
[services.siblings]
command = "exec python3 siblings.py"
port = false
ready = { log = "born" }
stop = { timeout = "2s" }
`)
	r := h.up(dir)
	r.wait("all ready")
	eventually(t, "both sleep", func() bool { return asleep(dir) == 2 })
	return h, dir, r
}

// asleep counts the siblings.
func asleep(dir string) int {
	return len(processesThat(dir, func(proc, real string) bool {
		cwd, _ := os.Readlink(filepath.Join(proc, "cwd"))
		line, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		return cwd == real && strings.HasPrefix(string(line), "sleep")
	}))
}

func TestSiblingsOfAServiceEndWithIt(t *testing.T) {
	h, dir, r := siblingsUp(t)
	h.verb(dir, "restart", "siblings")
	eventually(t, "two of the second life sleep, and none of the first", func() bool { return asleep(dir) == 2 })
	h.verb(dir, "stop", "siblings")
	if left := processes(dir); len(left) > 0 || asleep(dir) > 0 {
		t.Errorf("after stop: %v, %d siblings", describe(left), asleep(dir))
	}
	h.verb(dir, "start", "siblings")
	r.stop()
	if left := living(dir); len(left) > 0 {
		t.Errorf("after the end: %v", describe(left))
	}
}

func TestSiblingsOfAServiceEndWithAKilledRun(t *testing.T) {
	for _, half := range []string{"guard", "supervisor", "both"} {
		t.Run(half, func(t *testing.T) {
			h, dir, r := siblingsUp(t)
			switch half {
			case "guard":
				r.signal(syscall.SIGKILL)
			case "supervisor":
				_ = syscall.Kill(supervisorOf(r.cmd.Process.Pid), syscall.SIGKILL)
			default:
				killBoth(r)
				left, out := asleep(dir), h.verb(dir, "down")
				if told := strings.Count(out, "left by a run that was killed"); told < left {
					t.Errorf("%d are left, and %d were told to have ended:\n%s", left, told, out)
				}
			}
			t.Logf("gone %v after the kill", goneAfter(t, dir))
		})
	}
}
