//go:build linux || darwin || freebsd

package proc

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPairingTellsTheGroupsSignalsFromThoseOfOne(t *testing.T) {
	now := time.Now()
	var p pairing
	for _, step := range []struct {
		sig  syscall.Signal
		side side
		want int
	}{
		{unix.SIGINT, mine, 0}, {unix.SIGTERM, theirs, 0}, {unix.SIGINT, theirs, 1}, {unix.SIGUSR1, mine, 0},
		{unix.SIGUSR1, mine, 0}, {unix.SIGTERM, mine, 1}, {unix.SIGUSR1, theirs, 1},
	} {
		got := p.take(step.sig, step.side, now)
		if len(got) != step.want || len(got) == 1 && (got[0].Signal != step.sig || !got[0].Group || got[0].At.After(now)) {
			t.Errorf("%v: %v", step, got)
		}
	}
	if got := p.alone(now); got != nil {
		t.Errorf("too early: %v", got)
	}
	if got := p.alone(now.Add(pairPatience)); len(got) != 1 || got[0] != (Arrival{unix.SIGUSR1, false, now}) || len(p.open) != 0 {
		t.Errorf("%v, left %v", got, p.open)
	}
}

func ranInSameGroup(t *testing.T, tty bool) (g *child, member int) {
	t.Helper()
	s := roleSpec("same-group runner")
	s.TTY = tty
	g = startSpec(t, newTable(t), s)
	for range 2 {
		select {
		case line := <-g.lines:
			if word, pid, _ := cutLine(line); word == "member" {
				member = pid
			}
		case <-time.After(patience):
			t.Fatal("they did not come up")
		}
	}
	if member == 0 {
		t.Fatal("no member")
	}
	awaitSignals(t, g)
	return g, member
}

// What a terminal or anybody else sends to the group arrives once at each of its
// members, and is known to have.
func TestInTheSameGroupASignalOfTheGroupIsKnownAsOne(t *testing.T) {
	g, _ := ranInSameGroup(t, false)
	syscall.Kill(-g.PID(), unix.SIGINT)
	heard(t, g, "got interrupt true", "member-got interrupt")
	syscall.Kill(g.PID(), unix.SIGTERM)
	if got := g.line("got"); got != "terminated false" {
		t.Error("after one SIGINT:", got)
	}
	g.waitDone()
	if g.Exit().Code != 7 {
		t.Error(g.Exit())
	}
}

func TestInTheSameGroupCtrlCOnATerminalIsTheGroups(t *testing.T) {
	g, _ := ranInSameGroup(t, true)
	setMode(t, g.Output(), unix.NOFLSH, unix.ECHO)
	g.Output().Write([]byte{3})
	heard(t, g, "got interrupt true", "member-got interrupt")
	syscall.Kill(g.PID(), unix.SIGTERM)
	g.waitDone()
}

func TestInTheSameGroupNothingIsLeftOfAKilledRunner(t *testing.T) {
	g, member := ranInSameGroup(t, false)
	st, ok := readStat(member)
	runner, ok2 := readStat(st.ppid)
	if !ok || !ok2 {
		t.Fatal("not there")
	}
	signalExact(runner.ID, unix.SIGKILL)
	g.waitDone()
	if Alive(st.ID) {
		t.Error("the command lives")
	}
}

// heard wants these lines next, in any order.
func heard(t *testing.T, g *child, lines ...string) {
	t.Helper()
	for left := slices.Clone(lines); len(left) > 0; {
		select {
		case line := <-g.lines:
			i := slices.Index(left, strings.TrimSpace(line))
			if i < 0 {
				t.Fatalf("%q, want %q", line, left)
			}
			left = slices.Delete(left, i, i+1)
		case <-time.After(patience):
			t.Fatalf("never: %q", left)
		}
	}
}

func cutLine(line string) (word string, pid int, ok bool) {
	for i := range line {
		if line[i] == ' ' {
			pid, err := strconv.Atoi(line[i+1:])
			return line[:i], pid, err == nil
		}
	}
	return line, 0, false
}
