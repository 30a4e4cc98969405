//go:build linux || darwin || freebsd

package proc

import (
	"strconv"
	"syscall"
	"testing"
)

func TestAProgramDiesOfTheSignalThatItChooses(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL, syscall.SIGQUIT, syscall.SIGSEGV, syscall.SIGUSR1} {
		p := start(t, newTable(t), "die-of "+strconv.Itoa(int(sig)))
		p.waitDone()
		if p.Exit().Signal != sig {
			t.Errorf("of %v: %v", sig, p.Exit())
		}
	}
}
