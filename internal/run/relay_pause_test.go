//go:build linux || darwin || freebsd

package run

import (
	"errors"
	"os/exec"
	"testing"
	"time"
)

// TestOnlyARelayThatFailsByItselfWaitsForLong.
func TestOnlyARelayThatFailsByItselfWaitsForLong(t *testing.T) {
	for err, want := range map[error]time.Duration{
		exec.Command("sh", "-c", "kill -9 $$").Run(): longestKilledPause,
		exec.Command("sh", "-c", "exit 2").Run():     longestRelayPause,
		errors.New("cannot start"):                   longestRelayPause,
	} {
		if got := longestPauseAfter(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
