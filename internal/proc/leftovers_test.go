//go:build linux || darwin || freebsd

package proc

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reckless returns the record of a run, and what it started, after its kill -9.
func reckless(t *testing.T, services string) (r Record, all []ID) {
	t.Helper()
	p := start(t, newTable(t), "reckless "+services)
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
	r, all := reckless(t, "ignore-term setsid daemon/silent")
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
		if l := left[p.PID]; l.Service != p.Service {
			t.Errorf("%s: %+v", p.Service, l)
		}
	}
	if still := EndLeftovers(r, 200*time.Millisecond); len(still) > 0 {
		t.Error("still there:", still)
	}
	allGone(t, all)
	if left := Leftovers(r); len(left) > 0 {
		t.Error("left after the end:", left)
	}
}

func TestLeftoversAreAskedFirst(t *testing.T) {
	r, all := reckless(t, "slow-term")
	began := time.Now()
	if still := EndLeftovers(r, patience); len(still) > 0 || Alive(all[0]) {
		t.Error("still there:", still)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("killed after %v", took)
	}
}

func TestLeftoversAreNeverOthers(t *testing.T) {
	p := start(t, newTable(t), "sleep")
	id := p.id("ready")
	former := ID{PID: id.PID, Start: id.Start - 1}
	r := Record{Run: newRunID(), Guard: former, Processes: []Owned{{Service: "a", ID: former}}}
	if left := Leftovers(r); len(left) > 0 {
		t.Error(left)
	}
	if left := EndLeftovers(r, 10*time.Millisecond); len(left) > 0 || !Alive(id) {
		t.Error("a stranger was ended:", left)
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
