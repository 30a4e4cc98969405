//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// foreign starts a role without a Table.
func foreign(t *testing.T, role string) ID {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = roleEnv(role)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reaped := make(chan struct{})
	t.Cleanup(func() { cmd.Process.Kill(); <-reaped })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(reaped); cmd.Wait() }()
	id, ok := Identify(cmd.Process.Pid)
	if !ok {
		t.Fatal("it is not there")
	}
	return id
}

func TestAForeignProcessIsEndedAlsoOneThatIgnoresSIGTERM(t *testing.T) {
	for _, role := range []string{"sleep", "ignore-term", "stopped"} {
		id := foreign(t, role)
		if err := EndForeign(id, 200*time.Millisecond); err != nil || Alive(id) {
			t.Errorf("%s: %v, alive: %v", role, err, Alive(id))
		}
	}
}

func TestAProcessThatGotThePIDOfAnotherIsNeverEnded(t *testing.T) {
	id := foreign(t, "sleep")
	other := ID{PID: id.PID, Start: id.Start - 1}
	if err := EndForeign(other, time.Second); err != nil || !Alive(id) {
		t.Errorf("%v, alive: %v", err, Alive(id))
	}
}

func TestAboveAreThisProcessAndItsAncestors(t *testing.T) {
	id := foreign(t, "sleep")
	for pid, want := range map[int]bool{os.Getpid(): true, os.Getppid(): true, id.PID: false} {
		if got := Above(pid); got != want {
			t.Errorf("pid %d: %v", pid, got)
		}
	}
}
