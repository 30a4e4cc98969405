//go:build linux || darwin || freebsd

package proc

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

// reckless returns the record of a run, and what it started, after its kill -9.
func reckless(t *testing.T, services string) (r Record, all []ID) {
	t.Helper()
	p := start(t, newTable(t), "reckless "+services)
	endAfter(t, &all)
	for said := 0; said < len(strings.Fields(services))+1; said++ {
		line := p.line("")
		word, _, _ := strings.Cut(line, " ")
		pid, _ := strconv.Atoi(strings.TrimPrefix(line, word+" "))
		if s, ok := readStat(pid); ok && word == "ready" {
			all = append(all, s.ID)
		}
	}
	syscall.Kill(p.PID(), syscall.SIGUSR1)
	if err := json.Unmarshal([]byte(p.line("record")), &r); err != nil {
		t.Fatal(err)
	}
	if left := Leftovers(r); len(left) > 0 {
		t.Error("left by a run that lives:", left)
	}
	signalExact(r.Supervisor, syscall.SIGKILL)
	p.waitDone()
	return r, all
}

func TestLeftoversAreFoundAndNamed(t *testing.T) {
	r, all := reckless(t, "grandchild/ignore-term setsid daemon/silent")
	left := map[int]Left{}
	for _, l := range Leftovers(r) {
		left[l.PID] = l
	}
	for _, id := range all {
		if l := left[id.PID]; l.Service == "" || !strings.Contains(l.Command, "proc.test") {
			t.Errorf("pid %d: %+v", id.PID, l)
		}
	}
	for _, p := range r.Processes {
		if l := left[p.PID]; l.Service != p.Service && Alive(p.ID) {
			t.Errorf("%s: %+v", p.Service, l)
		}
	}
	ended, still := EndLeftovers(r, 200*time.Millisecond)
	if len(still) > 0 || len(ended) < len(all) {
		t.Errorf("ended %v of %v, still there: %v", ended, all, still)
	}
	allGone(t, all)
	if left := Leftovers(r); len(left) > 0 {
		t.Error("left after the end:", left)
	}
}

func TestLeftoversAreAskedFirst(t *testing.T) {
	r, all := reckless(t, "grandchild/slow-term")
	began := time.Now()
	if _, still := EndLeftovers(r, patience); len(still) > 0 || Alive(all[0]) {
		t.Error("still there:", still)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("killed after %v", took)
	}
}

// A process that threw its environment away is known by pid and start where a
// record was written since, by the pipe that it writes to where none was.
func TestLeftoversWithoutTheMarkAreKnown(t *testing.T) {
	systems.Need(t, systems.Escapes)
	for name, forget := range map[string]func(*Record){
		"by pid and start": func(r *Record) {
			for i := range r.Processes {
				r.Processes[i].Pipe = ""
			}
		},
		"by the pipe": func(r *Record) {
			for i := range r.Processes {
				r.Processes[i].ID = ID{}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, all := reckless(t, "daemon/unmarked")
			r.Run = ""
			forget(&r)
			if _, still := EndLeftovers(r, time.Second); len(still) > 0 {
				t.Error("still there:", still)
			}
			for _, id := range all {
				if Alive(id) {
					t.Errorf("pid %d lives", id.PID)
				}
			}
		})
	}
	r, all := reckless(t, "daemon/unmarked")
	without := Record{Run: r.Run, Supervisor: r.Supervisor}
	left := Leftovers(without)
	for limit := time.Now().Add(patience); len(left) > 0 && time.Now().Before(limit); left = Leftovers(without) {
		time.Sleep(5 * time.Millisecond) // The kernel may still be ending the leaders.
	}
	if len(left) > 0 {
		t.Error("known by what else?", left)
	}
	EndLeftovers(r, time.Second)
	allGone(t, all)
}

// With both halves gone at once nobody is left to end anything, but the kernel.
func TestLeadersDieWithTheirSupervisor(t *testing.T) {
	systems.Need(t, systems.Leaders)
	_, all := reckless(t, "ignore-term sleep stopped ignore-term")
	allGone(t, all)
}

// A supervisor that is stopped when its guard dies cannot end itself.
func TestStoppedSupervisorWithoutGuardIsLeftToo(t *testing.T) {
	g, sup, all := guarded(t, "supervisor", allServices())
	r := Record{Supervisor: sup, Guard: g.ID()}
	if left := Leftovers(r); len(left) > 0 {
		t.Error("left by a run that lives:", left)
	}
	signalExact(sup, syscall.SIGSTOP)
	eventually(t, "stopped", func() bool { return isStopped(sup.PID) })
	signalExact(g.ID(), syscall.SIGKILL)
	g.waitDone()
	if left := Leftovers(r); len(left) != 1 || left[0].PID != sup.PID {
		t.Error("left:", left)
	}
	if _, still := EndLeftovers(r, patience); len(still) > 0 {
		t.Error("still there:", still)
	}
	allGone(t, []ID{sup})
	systems.Need(t, systems.Leaders)
	allGone(t, all)
}

func TestLeftoversAreNeverOthers(t *testing.T) {
	p := start(t, newTable(t), "sleep")
	id := p.id("ready")
	former := ID{PID: id.PID, Start: id.Start - 1}
	r := Record{Run: newRunID(), Guard: former, Processes: []Owned{{Service: "a", ID: former}}}
	if left := Leftovers(r); len(left) > 0 {
		t.Error(left)
	}
	if ended, still := EndLeftovers(r, 10*time.Millisecond); len(ended)+len(still) > 0 || !Alive(id) {
		t.Error("a stranger was ended:", ended, still)
	}
	// Nor this program itself, whatever the record says.
	if left := Leftovers(Record{Guard: Self()}); len(left) > 0 {
		t.Error(left)
	}
}

func TestRecordIsTheSameAfterJSON(t *testing.T) {
	r := Record{Run: "0123", Supervisor: Self(), Processes: []Owned{{Service: "a", ID: Self(), Mark: 3}}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again Record
	if err := json.Unmarshal(text, &again); err != nil || again.Supervisor != r.Supervisor || again.Processes[0] != r.Processes[0] {
		t.Errorf("%s: %+v, %v", text, again, err)
	}
	if r.Supervisor.Start >= 1<<53 {
		t.Error("not a JSON number everywhere:", r.Supervisor.Start)
	}
}
