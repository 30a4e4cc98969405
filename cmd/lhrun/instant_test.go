package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

// What a plain killall -9 lhrun does: both halves die within microseconds, and no
// half is stopped before. The kernel ends what lhrun itself has started, which is
// all of a service that is one program; what a shell has started in its turn is the
// next verb's.
func TestKilledInOneInstantProgramsGoAndTheNextVerbEndsTheRest(t *testing.T) {
	systems.Need(t, systems.Leaders)
	tries := sized(t, 200, 8)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[defaults]
port = false
[services.plain]
command = "sleep 1000"
[services.argv]
command = ["sleep", "1000"]
[services.loop]
command = "while :; do sleep 0.2; done"
[services.shell]
command = "sleep 1000; echo never"
`)
	rest, slowest := 0, time.Duration(0)
	for n := range tries {
		r := h.up(dir)
		r.wait("all ready")
		eventually(t, "all of them sleep", func() bool { return len(sleepers(dir)) == 3 })
		halves := []int{r.cmd.Process.Pid, supervisorOf(r.cmd.Process.Pid)}
		if n%2 == 1 {
			slices.Reverse(halves)
		}
		signalAll(syscall.SIGKILL, halves...)
		<-r.exited
		began := time.Now()
		eventually(t, "the programs are gone", func() bool { return len(sleepers(dir)) <= 1 })
		slowest = max(slowest, time.Since(began))
		left := len(sleepers(dir))
		rest += left
		out, errs, code := h.output(dir, "down")
		if told := strings.Count(out+errs, "left by a run that was killed"); code != 0 || left > 0 && told == 0 {
			t.Errorf("exit code %d; %d were left, %d told:\n%s%s", code, left, told, out, errs)
		}
		noneLeft(t, dir)
	}
	t.Logf("%d tries: programs gone after %v at most, %d that a shell had started were left to the next verb", tries, slowest, rest)
}

// sleepers are the processes in dir that do not end by themselves.
func sleepers(dir string) (pids []int) {
	for _, pid := range processes(dir) {
		if strings.Contains(strings.Join(describe([]int{pid}), ""), "sleep 1000 ") && !commandHas(pid, "sh") {
			pids = append(pids, pid)
		}
	}
	return pids
}
