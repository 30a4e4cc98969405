package main

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWithoutFurtherDescriptorsNothingOverlapsAndNothingStays(t *testing.T) {
	h := newHome(t)
	dir := everyKindOfProcess(h, "")
	r := h.up(dir)
	r.wait("crashing starts again")
	few := unix.Rlimit{Cur: 16, Max: 16}
	if err := unix.Prlimit(supervisorOf(r.cmd.Process.Pid), unix.RLIMIT_NOFILE, &few, nil); err != nil {
		t.Skipf("cannot limit the supervisor: %v", err)
	}
	time.Sleep(time.Second) // Some crash meanwhile.
	r.signal(syscall.SIGINT)
	if code := r.code(); code != 130 {
		t.Errorf("exit code %d:\n%s", code, r.text())
	}
	goneAfter(t, dir)
}
