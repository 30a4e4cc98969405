//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestTreeHasLeaderDescendantsAndAdopted(t *testing.T) {
	table := newTable(t)
	other := start(t, table, "sleep")
	other.line("ready")
	for _, role := range []string{
		"grandchild sleep", "grandchild grandchild sleep", "setsid",
		"daemon marked", "daemon unmarked", "daemon silent",
		"daemon-and-leave marked", "daemon-and-leave unmarked",
	} {
		t.Run(role, func(t *testing.T) {
			needs(t, role)
			p := start(t, table, role)
			id := p.id("ready")
			// Tree shares a look for some milliseconds.
			eventually(t, "in the tree", func() bool { return slices.Contains(p.Tree(), id.PID) })
			if slices.Contains(other.Tree(), id.PID) || slices.Contains(p.Tree(), other.PID()) {
				t.Error("it is in another's tree")
			}
			if err := p.End(syscall.SIGTERM, patience, nil); err != nil || Alive(id) {
				t.Error("it lives after End:", err)
			}
			if tree := p.Tree(); len(tree) != 0 {
				t.Error("a tree after the end:", tree)
			}
		})
	}
}

// What has no mark, no output and a session of its own is known when it was seen
// before it lost its parents.
func TestAdoptedIsKnownFromWhereItWasSeen(t *testing.T) {
	table := newTable(t)
	p := start(t, table, "grandchild grandchild setsid")
	id := p.id("ready")
	eventually(t, "in the tree", func() bool { return slices.Contains(p.Tree(), id.PID) })
	p.link = "" // nor by its pipe
	for _, pid := range p.Tree() {
		if pid != id.PID {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	p.waitDone()
	eventually(t, "adopted", func() bool { return slices.Equal(p.Tree(), []int{id.PID}) })
	p.End(syscall.SIGTERM, patience, nil)
	if Alive(id) {
		t.Error("it lives")
	}
}

func TestNoZombieStays(t *testing.T) {
	table := newTable(t)
	p := start(t, table, "orphans")
	p.line("ready")
	eventually(t, "no zombie below the test", func() bool {
		self, _ := readStat(os.Getpid())
		return !slices.ContainsFunc(newForest().children(self), func(s stat) bool { return s.dead() })
	})
}

func TestChildrenOfOtherCodeAreLeftAlone(t *testing.T) {
	table := newTable(t)
	p := start(t, table, "sleep")
	p.line("ready")
	dead, alive := exec.Command("sh", "-c", "exit 4"), exec.Command("sleep", "1000")
	for _, cmd := range []*exec.Cmd{dead, alive} {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a zombie", func() bool {
		s, ok := readStat(dead.Process.Pid)
		return ok && s.dead()
	})
	for range 3 {
		table.notice()
	}
	table.Close()
	if err := dead.Wait(); dead.ProcessState == nil || dead.ProcessState.ExitCode() != 4 {
		t.Error("its exit was taken away:", err)
	}
	if err := alive.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error("it was killed:", err)
	}
	alive.Process.Kill()
	alive.Wait()
}

func TestHostThatGetsNoOrphansEndsThemToo(t *testing.T) {
	for _, kind := range []string{"marked", "silent"} {
		p := start(t, newTable(t), "host "+kind)
		if got := p.line("host"); got != "true false false" {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

func TestBothWaysToFindChildrenAgree(t *testing.T) {
	table := newTable(t)
	p := start(t, table, "grandchild grandchild sleep")
	p.line("ready")
	leader, _ := readStat(p.PID())
	pids := func(list []stat) (pids []int) {
		for _, s := range list {
			pids = append(pids, s.PID)
		}
		slices.Sort(pids)
		return pids
	}
	asked, surveyed := pids(newForest().below([]stat{leader})), pids(survey().below([]stat{leader}))
	if len(asked) != 3 || !slices.Equal(asked, surveyed) {
		t.Error(asked, surveyed)
	}
}

func TestSignalReachesAllOfTheTreeOnce(t *testing.T) {
	p := start(t, newTable(t), "group")
	p.line("ready")
	p.line("ready")
	tree := p.Tree()
	if len(tree) != 2 {
		t.Fatal("tree:", tree)
	}
	got := map[string]int{}
	lines := func(n int) {
		t.Helper()
		for range n {
			select {
			case line := <-p.lines:
				got[line]++
			case <-time.After(patience):
				t.Fatal("got only", got)
			}
		}
	}
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	lines(2) // two signals at once may be seen in either order, and the second one ends it
	if err := p.End(syscall.SIGTERM, patience, nil); err != nil {
		t.Fatal(err)
	}
	lines(2)
	for line, n := range got {
		if n != 1 {
			t.Errorf("%d times %q", n, line)
		}
	}
	for _, pid := range tree {
		if got["terminated "+strconv.Itoa(pid)] != 1 || got["user defined signal 1 "+strconv.Itoa(pid)] != 1 {
			t.Errorf("%d: %v", pid, got)
		}
	}
}

func TestNobodyElseIsSignalledWhenAPidIsUsedAgain(t *testing.T) {
	p := start(t, newTable(t), "sleep")
	id := p.id("ready")
	if id != p.ID() || !Alive(id) {
		t.Fatal(id, p.ID())
	}
	former := ID{PID: id.PID, Start: id.Start - 1}
	if Alive(former) {
		t.Error("the former owner of the pid lives")
	}
	if err := signalExact(former, syscall.SIGKILL); err != os.ErrProcessDone {
		t.Error(err)
	}
	if !Alive(id) {
		t.Error("the present owner was killed")
	}
	if Alive(ID{}) || Self().PID != os.Getpid() || !Alive(Self()) {
		t.Error(Self())
	}
}
