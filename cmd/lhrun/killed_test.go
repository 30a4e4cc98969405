package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/systems"
)

// A run that was killed leaves word of it, for whoever asks later why it ended.
func TestAKilledRunSaysInItsLogThatItWasKilled(t *testing.T) {
	ended := "1 process"
	if systems.Lacking { // The kernel has not ended the leader.
		ended = "2 processes"
	}
	for _, test := range []struct {
		name, want string
		verb       []string
		kill       func(r *run)
	}{
		{"the supervisor", "was killed; its guard has ended its services", []string{"logs"}, func(r *run) {
			_ = syscall.Kill(supervisorOf(r.cmd.Process.Pid), syscall.SIGKILL)
			if code := r.code(); code != 137 {
				t.Errorf("exit code %d", code)
			}
		}},
		{"both halves", "were killed; the next lhrun has ended " + ended + " that they left", []string{"logs"}, func(r *run) { killBoth(r) }},
		{"both halves, and why", "were killed; the next lhrun has ended " + ended + " that they left", []string{"why", "shell"}, func(r *run) { killBoth(r) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", `
dotenv = false
[services.shell]
command = "echo it runs; sleep 1000; echo never"
port = false
ready = { log = "it runs" }
`)
			before := h.up(dir) // One that ended in order is not what why tells of.
			before.wait("all ready")
			before.stop()
			r := h.up(dir)
			r.wait("all ready")
			eventually(t, "its child runs", func() bool { return len(processes(dir)) == 2 })
			test.kill(r)
			goneOrNext := func(out string) bool { return strings.Contains(out, test.want) && strings.Contains(out, "it runs") }
			out, errs, code := h.output(dir, test.verb...)
			if !goneOrNext(out) {
				t.Errorf("lhrun %s: exit code %d:\n%s%s", strings.Join(test.verb, " "), code, out, errs)
			}
			noneLeft(t, dir)
			if again, _, _ := h.output(dir, "logs"); strings.Count(again, "killed") != 1 {
				t.Errorf("it is told so:\n%s", again)
			}
			next := h.up(dir)
			next.wait("all ready")
			next.stop()
			if strings.Contains(next.text(), "killed") {
				t.Errorf("the next run tells of it as of news:\n%s", next.text())
			}
		})
	}
}
