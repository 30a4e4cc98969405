//go:build linux || darwin || freebsd

package run

import (
	"errors"
	"os/exec"
	"time"
)

// longestKilledPause keeps a front that somebody kills again and again within 100 ms.
const longestKilledPause = 40 * time.Millisecond

// longestPauseAfter bounds the pause after a relay that ended with err: one that fails by
// itself may wait for long.
func longestPauseAfter(err error) time.Duration {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
		return longestKilledPause
	}
	return longestRelayPause
}
