//go:build !portable

package proc

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A supervisor's table is large from its first moment on, and nothing is open in it that
// the supervisor did not ask for.
func TestTheGuardGivesTheSupervisorItsHeadroom(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 4096 {
		t.Skipf("needs 4096 descriptors: %v %v", limit, err)
	}
	c := start(t, newTable(t), "guard headroom")
	if last := c.line("last"); last != "false" {
		t.Errorf("descriptor %d is open", headroom-1)
	}
	for _, at := range []struct {
		word string
		want int
	}{{"first", headroom}, {"then", 3000}} {
		if size, err := strconv.Atoi(c.line(at.word)); err != nil || size < at.want {
			t.Errorf("%s: room for %d descriptors, not %d (%v)", at.word, size, at.want, err)
		}
	}
	c.waitDone()
}

// Whatever the limit, a supervisor starts.
func TestTheGuardWorksWithFewDescriptors(t *testing.T) {
	for _, limit := range []int{64, headroom - 1, headroom, headroom + 1, headroom + 5, 2*headroom - 1, 2 * headroom, 2*headroom + 1} {
		cmd := exec.Command("sh", "-c", `ulimit -n "$1" && exec "$0"`, os.Args[0], strconv.Itoa(limit))
		cmd.Env = append(roleless(), roleKey+"=guard code 5")
		out, err := cmd.CombinedOutput()
		exit, ended := errors.AsType[*exec.ExitError](err)
		if !ended || exit.ExitCode() != 5 {
			t.Errorf("with %d descriptors: %v, %s", limit, err, out)
		}
	}
}
