//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lhrun/lhrun/internal/systems"
)

// allServices are every kind of process that might stay behind a supervisor, but for
// those that escape from it on this system.
func allServices() string {
	const known = "ignore-term grandchild/ignore-term setsid grandchild/stopped " +
		"daemon/marked daemon/silent daemon-and-leave/marked"
	if systems.Lacking {
		return known
	}
	return known + " daemon/unmarked daemon/dark"
}

// guarded starts a guard over a supervisor of these services and waits for all.
func guarded(t *testing.T, supervisor, services string) (g *child, sup ID, all []ID) {
	t.Helper()
	g = start(t, newTable(t), "guard "+supervisor+" "+services)
	endAfter(t, &all)
	for n := len(strings.Fields(services)) + 1; n > 0; n-- {
		select {
		case line := <-g.lines:
			word, text, _ := strings.Cut(line, " ")
			pid, err := strconv.Atoi(text)
			s, ok := readStat(pid)
			switch {
			case word == "guard":
				n++
			case word != "ready" && word != "supervisor" || err != nil || !ok:
				t.Fatalf("said %q", line)
			case word == "supervisor":
				sup = s.ID
			default:
				all = append(all, s.ID)
			}
		case <-time.After(patience):
			t.Fatal("not all of the services came up")
		}
	}
	return g, sup, all
}

// awaitSignals waits until a guard passes signals on. It begins to take them while its
// child starts, and a signal that comes before ends it, unless it is one that nobody dies
// of.
func awaitSignals(t *testing.T, g *child) {
	t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		syscall.Kill(g.PID(), unix.SIGWINCH)
		for late := time.After(2 * time.Second); late != nil; {
			select {
			case line, ok := <-g.lines:
				if !ok {
					t.Fatal("the guard has ended")
				}
				if strings.HasPrefix(line, "got ") {
					return
				}
			case <-late:
				late = nil
			}
		}
	}
	t.Fatal("the guard takes no signals")
}

func allGone(t *testing.T, all []ID) {
	t.Helper()
	began := time.Now()
	for _, id := range all {
		eventually(t, "pid "+strconv.Itoa(id.PID)+" "+Command(id.PID)+" is gone", func() bool { return !Alive(id) })
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("gone only after %v", took)
	}
}

func TestKilledSupervisorLeavesNothing(t *testing.T) {
	g, sup, all := guarded(t, "supervisor", allServices())
	signalExact(sup, syscall.SIGKILL)
	g.waitDone()
	// The guard has waited for them, so nothing is left now rather than soon.
	for _, id := range all {
		if Alive(id) {
			t.Errorf("pid %d lives", id.PID)
		}
	}
	if g.Exit().Code != 137 {
		t.Error("the guard", g.Exit())
	}
}

func TestKilledGuardLeavesNothing(t *testing.T) {
	g, sup, all := guarded(t, "supervisor", allServices())
	syscall.Kill(g.PID(), syscall.SIGKILL)
	g.waitDone()
	allGone(t, append(all, sup))
}

func TestGuardEndsAChainThatKeepsForking(t *testing.T) {
	needs(t, "chain")
	g, sup, _ := guarded(t, "supervisor", "chain/first")
	signalExact(sup, syscall.SIGKILL)
	g.waitDone()
	if left := marksOf(g.table); len(left) > 0 {
		t.Error("left:", left)
	}
}

func TestExitCodePassesTheGuard(t *testing.T) {
	for role, want := range map[string]int{"code 0": 0, "code 5": 5, "exit-by-kill": 137} {
		g := start(t, newTable(t), "guard "+role)
		g.waitDone()
		if g.Exit().Code != want || g.Exit().Signal != 0 {
			t.Errorf("%s: %v", role, g.Exit())
		}
	}
}

func TestGuardPassesEachSignalOnOnce(t *testing.T) {
	g, _, _ := guarded(t, "supervisor", "sleep")
	awaitSignals(t, g)
	for _, c := range []struct {
		sig  syscall.Signal
		says string
	}{
		{unix.SIGHUP, "hangup"}, {unix.SIGQUIT, "quit"}, {unix.SIGWINCH, "window changed"},
		{unix.SIGUSR1, "user defined signal 1"}, {unix.SIGUSR2, "user defined signal 2"},
	} {
		syscall.Kill(g.PID(), c.sig)
		if got := g.line("got"); !strings.HasPrefix(c.says, strings.SplitN(got, " (", 2)[0]) && !strings.Contains(got, "window") {
			t.Errorf("sent %v, got %q", c.sig, got)
		}
	}
	time.Sleep(otherWindow) // Else it belongs to the hang-up.
	syscall.Kill(g.PID(), syscall.SIGTERM)
	if got := g.line("got"); got != "terminated" {
		t.Error(got)
	}
	g.waitDone()
	if g.Exit().Code != 7 {
		t.Error(g.Exit())
	}
}

func TestCtrlCOnATerminalArrivesOnce(t *testing.T) {
	s := roleSpec("guard supervisor sleep")
	s.TTY = true
	g := startSpec(t, newTable(t), s)
	g.line("supervisor")
	awaitSignals(t, g)
	// Else ^C throws away what is said right then, and is echoed into it.
	setMode(t, g.Output(), unix.NOFLSH, unix.ECHO)
	g.Output().Write([]byte{3})
	if got := g.line("got"); got != "interrupt" {
		t.Error(got)
	}
	g.Resize(Size{Rows: 5, Cols: 5})
	if got := g.line("got"); !strings.Contains(got, "window") && got != "signal 28" {
		t.Error("after one Ctrl-C:", got)
	}
	time.Sleep(otherWindow)
	syscall.Kill(g.PID(), syscall.SIGTERM)
	g.waitDone()
}

// Whoever means lhrun may reach both of its processes.
func TestASignalThatBothHalvesGetArrivesOnce(t *testing.T) {
	g, sup, _ := guarded(t, "supervisor", "sleep")
	awaitSignals(t, g)
	syscall.Kill(g.PID(), syscall.SIGINT)
	syscall.Kill(sup.PID, syscall.SIGINT)
	if got := g.line("got"); got != "interrupt" {
		t.Error(got)
	}
	syscall.Kill(sup.PID, syscall.SIGUSR1)
	if got := g.line("got"); got != "user defined signal 1" {
		t.Error("after one wish to end:", got)
	}
}

func TestSupervisorMayWriteToATerminalThatStopsOthers(t *testing.T) {
	s := roleSpec("guard supervisor sleep signals")
	s.TTY = true
	g := startSpec(t, newTable(t), s)
	g.line("guard")
	awaitSignals(t, g)
	setMode(t, g.Output(), unix.TOSTOP, 0)
	syscall.Kill(g.PID(), syscall.SIGUSR1)
	if got := g.line("got"); got != "user defined signal 1" {
		t.Error(got)
	}
	syscall.Kill(g.PID(), syscall.SIGTERM)
	g.waitDone()
}

func TestServicesOfAGuardedSupervisorIgnoreNoSignal(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("read from /proc")
	}
	g := start(t, newTable(t), "guard supervisor signals")
	for _, set := range []string{"SigBlk:", "SigIgn:"} {
		if got := g.line(set); strings.Trim(got, "0") != "" {
			t.Error(set, got)
		}
	}
}

func TestSignalsThatComeBeforeTheSupervisorIsReadyAreNotLost(t *testing.T) {
	g := start(t, newTable(t), "guard slow-supervisor sleep")
	g.line("born")
	syscall.Kill(g.PID(), syscall.SIGUSR1) // it would kill one that is not ready
	syscall.Kill(g.PID(), syscall.SIGINT)
	got := []string{g.line("got"), g.line("got")}
	if !(got[0] == "interrupt" && got[1] == "user defined signal 1" || got[1] == "interrupt" && got[0] == "user defined signal 1") {
		t.Error(got)
	}
}

func TestCtrlZStopsBothAndTheShellContinuesBoth(t *testing.T) {
	g, sup, _ := guarded(t, "supervisor", "sleep")
	awaitSignals(t, g)
	syscall.Kill(g.PID(), syscall.SIGTSTP)
	for _, pid := range []int{g.PID(), sup.PID} {
		eventually(t, "stopped", func() bool { return isStopped(pid) })
	}
	syscall.Kill(g.PID(), syscall.SIGCONT)
	for _, pid := range []int{g.PID(), sup.PID} {
		eventually(t, "continued", func() bool { return !isStopped(pid) })
	}
	syscall.Kill(g.PID(), syscall.SIGUSR1)
	if got := g.line("got"); got != "user defined signal 1" {
		t.Error(got)
	}
}

func TestGuardsVariableByAccidentBreaksNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, value := range []string{"", "x", "1 2 3", "0 0 0", "99999999999999999999 1 1"} {
		s := roleSpec("accident")
		s.Env = append(s.Env, guardKey+"="+value)
		s.Files = []*os.File{w}
		if got := startSpec(t, newTable(t), s).line("guarded"); got != "false true true" {
			t.Errorf("%q: %s", value, got)
		}
	}
}

func TestGuardIsNamedAndItsVariableStaysPrivate(t *testing.T) {
	g := start(t, newTable(t), "guard supervisor sleep")
	if pid := g.line("guard"); pid != strconv.Itoa(g.PID()) {
		t.Error("guard", pid, "is", g.PID())
	}
	if inode, ok := socketInode(0); ok {
		t.Error("stdin is a socket", inode)
	}
}
