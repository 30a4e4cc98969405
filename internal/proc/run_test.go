//go:build linux || darwin || freebsd

package proc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRunReturnsExitAndOutput(t *testing.T) {
	exit, output, err := newTable(t).Run(t.Context(), Spec{Argv: []string{"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}})
	if err != nil || exit.Code != 3 || string(output) != "out\nerr\n" {
		t.Error(exit, string(output), err)
	}
}

func TestRunKeepsTheEndOfTheOutput(t *testing.T) {
	var tail tail
	for range 100 {
		tail.Write([]byte(strings.Repeat("x", 4000)))
	}
	tail.Write([]byte("end"))
	if got := tail.last(); len(got) != tailSize || !strings.HasSuffix(string(got), "xend") {
		t.Error(len(got))
	}
}

func TestRunKillsAHangingGroup(t *testing.T) {
	table := newTable(t)
	for _, role := range []string{"ignore-term", "grandchild ignore-term", "flood", "daemon marked"} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		_, _, err := table.Run(ctx, roleSpec(role))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", role, err)
		}
		if took := time.Since(began); took > patience/2 {
			t.Errorf("%s: %v", role, took)
		}
	}
	if left := marksOf(table); len(left) > 0 {
		t.Error("left:", left)
	}
}

func TestRunLeavesNothingBehindItsLeader(t *testing.T) {
	table := newTable(t)
	exit, output, err := table.Run(t.Context(), roleSpec("holder"))
	if err != nil || exit.Code != 0 || !strings.Contains(string(output), "leaving") {
		t.Error(exit, string(output), err)
	}
	if left := marksOf(table); len(left) > 0 {
		t.Error("left:", left)
	}
}

func TestRunOfADoneContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := newTable(t).Run(ctx, roleSpec("sleep")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
