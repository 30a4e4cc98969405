//go:build darwin || freebsd

package proc

import (
	"os"
	"testing"
)

func isStopped(pid int) bool {
	s, ok := readStat(pid)
	return ok && s.stopped
}

func setMode(t *testing.T, _ *os.File, _, _ uint32) {
	t.Skip("the terminal's mode is set by Linux's calls")
}

// playFew is for systems where looks at processes need descriptors.
func playFew([]string) {}
