package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// saver needs a second to save its state when it is asked to end.
const saver = `
dotenv = false
[services.saver]
command = "trap 'sleep 1; echo saved; exit 0' TERM INT; echo up; while :; do sleep 0.05; done"
port = false
ready = { log = "up" }
`

// Whoever wishes one end, by however many signals to whichever of lhrun's processes, gets
// the end in order.
func TestOneWishToEndIsOneHoweverManySignalsBringIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the supervisor is found in /proc")
	}
	for name, press := range map[string]func(guard, supervisor int){
		"both halves": func(guard, supervisor int) {
			_ = syscall.Kill(guard, syscall.SIGTERM)
			_ = syscall.Kill(supervisor, syscall.SIGTERM)
		},
		"both halves, the other way round": func(guard, supervisor int) {
			_ = syscall.Kill(supervisor, syscall.SIGINT)
			_ = syscall.Kill(guard, syscall.SIGINT)
		},
		"a runner that escalates": func(guard, _ int) {
			_ = syscall.Kill(guard, syscall.SIGINT)
			time.Sleep(150 * time.Millisecond)
			_ = syscall.Kill(guard, syscall.SIGTERM)
		},
		"a login that ends": func(guard, supervisor int) {
			for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
				_ = syscall.Kill(guard, sig)
				_ = syscall.Kill(supervisor, sig)
			}
		},
		"the groups of both": func(guard, supervisor int) {
			_ = syscall.Kill(-guard, syscall.SIGINT)
			_ = syscall.Kill(-supervisor, syscall.SIGINT)
		},
	} {
		t.Run(name, func(t *testing.T) {
			passOnHangUps(t)
			h := newHome(t)
			dir := h.checkout("lhrun.toml", saver)
			cmd := h.command(dir, "up")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			r := h.start(cmd)
			r.wait("all ready|saver is ready")
			guard := r.cmd.Process.Pid
			press(guard, supervisorOf(guard))
			code := r.code()
			if !strings.Contains(r.text(), "| saved") || code != 130 && code != 143 {
				t.Errorf("exit code %d:\n%s", code, r.text())
			}
			noneLeft(t, dir)
		})
	}
}

func TestASecondPressWellLaterKills(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.deaf]
command = "trap '' TERM INT; echo up; while :; do sleep 0.05; done"
port = false
ready = { log = "up" }
stop = { timeout = "10m" }
`)
	for _, second := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r := h.up(dir)
		r.wait("all ready|deaf is ready")
		r.signal(syscall.SIGINT)
		r.wait("Ctrl-C again kills")
		r.pressAgain(second)
		if code := r.code(); code != 130 {
			t.Errorf("exit code %d:\n%s", code, r.text())
		}
		noneLeft(t, dir)
	}
}

// A signal to both of its processes reaches run's command too, which pkill does not know.
func TestASignalToBothHalvesOfRunReachesTheCommand(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the supervisor is found in /proc")
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", saver)
	r := h.start(h.command(dir, "run", "--", "sh", "-c", "echo begun; exec sleep 1000"))
	r.wait("begun")
	time.Sleep(500 * time.Millisecond) // It is no infant any more.
	_ = syscall.Kill(r.cmd.Process.Pid, syscall.SIGTERM)
	_ = syscall.Kill(supervisorOf(r.cmd.Process.Pid), syscall.SIGTERM)
	if code := r.code(); code != 143 {
		t.Errorf("exit code %d:\n%s", code, r.text())
	}
	noneLeft(t, dir)
}

// Shells end a loop when a command in it has died of the signal, and go on otherwise.
func TestCtrlCEndsTheShellsLoopToo(t *testing.T) {
	need(t, "bash")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", saver)
	for verb, ready := range map[string]string{"run -- sh -c 'echo turn; exec sleep 1000'": "turn", "up": "ready"} {
		t.Run(strings.Fields(verb)[0], func(t *testing.T) {
			cmd := exec.Command("bash", "-c", "for i in 1 2 3; do "+lhrunPath(t)+" "+verb+"; done; echo went on")
			cmd.Dir, cmd.Env = dir, h.environ()
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			var s screenReader
			go s.read(terminal)
			s.wait(t, ready)
			if _, err := terminal.Write([]byte{3}); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := codeOf(cmd.ProcessState); code != 130 || strings.Contains(s.text(), "went on") {
				t.Errorf("exit code %d:\n%s", code, s.text())
			}
		})
	}
}

func TestWhatASignalEndsDiesOfIt(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", saver)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r := h.up(dir)
		r.wait("all ready|saver is ready")
		r.signal(sig)
		r.code()
		if ws := r.cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != sig {
			t.Errorf("after %v: %v\n%s", sig, r.cmd.ProcessState, r.text())
		}
	}
	for _, sig := range []string{"TERM", "KILL", "SEGV"} {
		cmd := h.command(dir, "run", "--", "sh", "-c", "kill -"+sig+" $$")
		_ = cmd.Run()
		if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() {
			t.Errorf("the command died of %s: %v", sig, cmd.ProcessState)
		}
	}
	cmd := h.command(dir, "run", "--", "sh", "-c", "exit 130")
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != 130 {
		t.Errorf("the command exited with 130: %v", cmd.ProcessState)
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/run.json")); len(left) > 0 {
		t.Errorf("records are left: %v", left)
	}
	if out, _, _ := h.output(dir, "logs"); strings.Contains(out, "was killed") {
		t.Errorf("an end by a signal counts as a crash:\n%s", out)
	}
}
