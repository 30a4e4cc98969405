package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cleaner outlives this test, killed or not: $1 is lhrun, $2 the disk or "", $3 and $4
// the directories of the world and of the ledger, the rest the projects. Its input ends
// with the test. An up that was on its way may begin a run after a first down, and down
// says how a run that is suspended goes on.
const cleaner = `
trap '' INT TERM HUP
read -r how
lhrun=$1 disk=$2 home=$3 ledger=$4
shift 4
if [ "$how" != ended ]; then
	for again in 1 2 3; do
		for project; do
			said=$("$lhrun" -C "$project" down --timeout 5s 2>&1)
			stopped=$(printf '%s' "$said" | sed -n 's/.*kill -CONT \([0-9 ]*\).*/\1/p')
			if [ -n "$stopped" ]; then
				kill -CONT $stopped
				"$lhrun" -C "$project" down --timeout 5s
			fi
		done
		sleep 2
	done
fi
if [ -n "$disk" ]; then
	for again in 1 2 3 4 5; do umount "$disk" && break; sleep 1; done
fi
if [ "$how" != ended ]; then rm -rf "$home" "$ledger" "$@"; fi
`

// cleanUp has all of w taken away at the end of the test, even when it is killed.
func (w *world) cleanUp(t *testing.T) {
	near, far, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-c", cleaner, "cleaner", lhrunPath(t), w.disk, w.home.dir, w.ledger}
	for _, p := range w.projects {
		args = append(args, p.dir)
	}
	cmd := exec.Command("sh", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = "/", w.environ(), near
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = near.Close()
	t.Cleanup(func() {
		_, _ = io.WriteString(far, "ended\n")
		_ = far.Close()
		_ = cmd.Wait()
		if w.disk != "" && isMounted(w.disk) {
			t.Errorf("%s is still mounted", w.disk)
		}
	})
}

func isMounted(dir string) bool {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	return strings.Contains(string(mounts), " "+dir+" ")
}

// A chaos that is killed leaves no runs and no disk to the machine.
func TestChaosThatIsKilledLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes its time")
	}
	need(t, "setsid")
	temp := shortDir(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestChaos$")
	cmd.Env = append(os.Environ(), "LHRUN_CHAOS=5m", "TMPDIR="+temp)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	mine := func() []int {
		return processesThat(temp, func(proc, _ string) bool {
			env, _ := os.ReadFile(filepath.Join(proc, "environ"))
			return strings.Contains(string(env), "CHAOS_LEDGER="+temp)
		})
	}
	eventually(t, "services of each project run", func() bool { return len(mine()) > 8 })
	time.Sleep(3 * time.Second)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	began := time.Now()
	eventually(t, fmt.Sprintf("nothing is left of %s: %v", temp, describe(mine())), func() bool {
		mounts, _ := os.ReadFile("/proc/self/mounts")
		left, _ := filepath.Glob(filepath.Join(temp, "TestChaos*", "*", "lhrun.toml"))
		return len(mine()) == 0 && len(left) == 0 && !strings.Contains(string(mounts), temp)
	})
	t.Logf("gone %v after the kill", time.Since(began))
}
