//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// Who has a handler, ignores a signal or is gone tells nothing by living or not.
func TestASignalWasMissedByWhatItWouldHaveEnded(t *testing.T) {
	table := newTable(t)
	for command, want := range map[string]bool{
		"exec sleep 1000":                            true,
		"trap '' TERM; echo on; exec sleep 1000":     false,
		"trap : TERM; echo on; while :; do :; done":  false,
		"trap : USR1; echo on; while :; do :; done":  true,
		"trap '' USR1; echo on; while :; do :; done": true,
	} {
		p := startSpec(t, table, Spec{Argv: []string{"sh", "-c", command}, Env: os.Environ()})
		if strings.Contains(command, "echo") {
			p.line("on")
		}
		if got := MissedSignal(p.PID(), syscall.SIGTERM); got != want {
			t.Errorf("%s: %v", command, got)
		}
		_ = p.End(syscall.SIGKILL, 0, nil)
		if MissedSignal(p.PID(), syscall.SIGTERM) {
			t.Errorf("%s: one that is gone", command)
		}
	}
}
