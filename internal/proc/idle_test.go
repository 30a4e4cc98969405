//go:build linux || darwin || freebsd

package proc

import (
	"syscall"
	"testing"
	"time"
)

func TestAnOpenInputNeitherDeliversNorEnds(t *testing.T) {
	table := newTable(t)
	s := roleSpec("input")
	s.OpenStdin = true
	open := startSpec(t, table, s)
	open.line("ready")
	null := start(t, table, "input")
	if got := null.line("end"); got != "0 <nil>" {
		t.Errorf("without OpenStdin the input ends by %q", got)
	}
	select {
	case line := <-open.lines:
		t.Errorf("the open input: %q", line)
	case <-time.After(200 * time.Millisecond):
	}
}

// Programs take the end of their input for the death of who started them. Nobody ends
// this one: its supervisor has no guard.
func TestAnOpenInputEndsWithTheProgramThatHoldsIt(t *testing.T) {
	c := start(t, newTable(t), "reckless heir")
	reader := c.id("ready")
	if heir, ok := Identify(Lineage(reader.PID)[1]); ok {
		endAfter(t, &[]ID{heir})
	}
	syscall.Kill(c.PID(), syscall.SIGKILL)
	eventually(t, "the input has ended", func() bool { return !Alive(reader) })
}

func TestAnOpenInputBelongsToOneChildAlone(t *testing.T) {
	table := newTable(t)
	flags := func(blocking string) *child {
		s := roleSpec("input-flags " + blocking)
		s.OpenStdin = true
		return startSpec(t, table, s)
	}
	first := flags("set")
	first.line("ready")
	if got := flags("show").line("nonblocking"); got != "false" {
		t.Error("one child has made the input of another non-blocking")
	}
}
