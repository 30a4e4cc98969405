package supervisor

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A record outlives the program that wrote it, so neither an older lhrun nor a newer
// one may find another form.
func TestTheFormOfACrashRecordStays(t *testing.T) {
	const written = `{"run":"4f2a","supervisor":{"pid":12,"start":900},"guard":{"pid":11,"start":890},"processes":[` +
		`{"service":"api","pid":40,"start":1000,"mark":3,"pipe":"pipe:[77]"},{"service":"db","pid":41,"start":1001}]}`
	want := CrashRecord{
		Run: "4f2a", Supervisor: Process{12, 900}, Guard: Process{11, 890},
		Handles: []Handle{
			{Service: "api", Process: Process{40, 1000}, Mark: 3, Pipe: "pipe:[77]"},
			{Service: "db", Process: Process{41, 1001}},
		},
	}
	var got CrashRecord
	if err := json.Unmarshal([]byte(written), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("it reads as %+v, %v", got, err)
	}
	if b, err := json.Marshal(want); err != nil || string(b) != written {
		t.Errorf("it is written as %s, %v", b, err)
	}
}

func TestWhatIsNoProcessIsNamedAndMeasuredWithoutAPid(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db"), svc("late", "never"), withPort(svc("never"), 1000)}, func(w *world) {
		w.start()
		want := []Handle{{Service: "api", ID: "api/1"}, {Service: "db", ID: "db/1"}, {Service: "never", ID: "never/1"}}
		for _, parts := range []bool{false, true} {
			got := w.Handles(parts)
			slices.SortFunc(got, func(a, b Handle) int { return strings.Compare(a.Service, b.Service) })
			if !slices.Equal(got, want) {
				t.Errorf("parts %t: %+v", parts, got)
			}
		}
		if use := w.Usage(); len(use) != 3 || use["api"] != (Usage{CPU: time.Second, Memory: 1 << 20}) {
			t.Errorf("they use %+v", use)
		}
		if pid := w.status("api").PID; pid != 0 {
			t.Errorf("its pid is %d", pid)
		}
		w.cancel()
		synctest.Wait()
		if left, use := w.Handles(true), w.Usage(); left != nil || len(use) != 0 {
			t.Errorf("at the end there are %+v, using %+v", left, use)
		}
	})
}

func TestWhatAnInstanceLeavesBehindIsNamed(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.fake.leaves["api"] = []string{"sidecar/7"}
		w.start()
		w.fake.instance("api").die(0)
		if got := w.notices(); !slices.Equal(got, []string{"api left 1 process behind, ending sidecar/7"}) {
			t.Errorf("told %q", got)
		}
	})
}

func TestHandlesAreListedForPeople(t *testing.T) {
	for want, handles := range map[string][]Handle{
		"pid 7":    {{Process: Process{PID: 7}}},
		"pids 7 8": {{Process: Process{PID: 7}}, {Process: Process{PID: 8}}},
		"a b":      {{ID: "a"}, {ID: "b"}},
	} {
		if got := list(handles); got != want {
			t.Errorf("%+v is %q, want %q", handles, got, want)
		}
	}
}

func TestOnlyALiveProcessOfTheSameStartIsAlive(t *testing.T) {
	self := Process{PID: os.Getpid(), Start: 1}
	if self.Alive() || (Process{}).Alive() {
		t.Error("a process that is long gone is alive")
	}
}
