package supervisor

import (
	"testing"
	"time"
)

func TestWhatFollowsAnExit(t *testing.T) {
	type e = ending
	svc := func(change func(*e)) e {
		x := e{desired: desiredUp, policy: RestartOnFailure, wasReady: true, maxRestarts: 5}
		change(&x)
		return x
	}
	task := func(change func(*e)) e {
		x := e{desired: desiredUp, task: true, policy: RestartNo, maxRestarts: 5}
		change(&x)
		return x
	}
	for _, c := range []struct {
		name string
		in   e
		want State
	}{
		{"asked to be down", svc(func(x *e) { x.desired = desiredDown; x.code = 143 }), StateStopped},
		{"asked to be down, hopeless", svc(func(x *e) { x.desired = desiredDown; x.code = 127; x.hopeless = true }), StateStopped},
		{"asked to restart", svc(func(x *e) { x.desired = desiredRestart; x.code = 143 }), StateWaiting},
		{"asked to restart after many failures", svc(func(x *e) { x.desired = desiredRestart; x.failures = 5; x.code = 1 }), StateWaiting},
		{"crash", svc(func(x *e) { x.code = 1 }), StateBackoff},
		{"crash, no restart", svc(func(x *e) { x.code = 1; x.policy = RestartNo }), StateFailed},
		{"clean end of a ready service", svc(func(*e) {}), StateStopped},
		{"clean end, always", svc(func(x *e) { x.policy = RestartAlways }), StateBackoff},
		{"clean end before ready", svc(func(x *e) { x.wasReady = false }), StateBackoff},
		{"clean end before ready, no restart", svc(func(x *e) { x.wasReady = false; x.policy = RestartNo }), StateFailed},
		{"fourth restart follows", svc(func(x *e) { x.code = 1; x.failures = 4 }), StateBackoff},
		{"sixth crash", svc(func(x *e) { x.code = 1; x.failures = 5 }), StateFailed},
		{"sixth clean end, always", svc(func(x *e) { x.policy = RestartAlways; x.failures = 5 }), StateFailed},
		{"no bound on restarts", svc(func(x *e) { x.code = 1; x.failures = 500; x.maxRestarts = -1 }), StateBackoff},
		{"ended by lhrun with code 0", svc(func(x *e) { x.forced = true }), StateBackoff},
		{"no such command", svc(func(x *e) { x.code = 127; x.wasReady = false; x.hopeless = true }), StateFailed},
		{"task done", task(func(*e) {}), StateCompleted},
		{"task done, always", task(func(x *e) { x.policy = RestartAlways }), StateCompleted},
		{"task failed", task(func(x *e) { x.code = 2 }), StateFailed},
		{"task failed, on-failure", task(func(x *e) { x.code = 2; x.policy = RestartOnFailure }), StateBackoff},
		{"task too slow", task(func(x *e) { x.forced = true }), StateFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decide(c.in); got != c.want {
				t.Errorf("decide(%+v) = %s, want %s", c.in, got, c.want)
			}
		})
	}
}

func TestWhatADependencyAllows(t *testing.T) {
	states := []State{StateWaiting, StateStarting, StateReady, StateUnhealthy, StateStopping, StateBackoff, StateCompleted, StateStopped, StateFailed}
	for _, c := range []struct {
		condition Condition
		task      bool
		allowed   map[State]bool
	}{
		{"", false, map[State]bool{StateReady: true}},
		{IsReady, false, map[State]bool{StateReady: true}},
		{"", true, map[State]bool{StateCompleted: true}},
		{Completed, true, map[State]bool{StateCompleted: true}},
		{Started, false, map[State]bool{StateStarting: true, StateReady: true, StateUnhealthy: true}},
		{Started, true, map[State]bool{StateStarting: true, StateCompleted: true}},
	} {
		for _, st := range states {
			running := st == StateStarting || !c.task && (st == StateUnhealthy || st == StateReady)
			got := satisfied(Dependency{Condition: c.condition}, facts{task: c.task, running: running, wanted: true, state: st})
			want := notYet
			switch {
			case c.allowed[st], st == StateCompleted:
				want = yes
			case st == StateFailed || st == StateStopped:
				want = never
			}
			if got != want {
				t.Errorf("condition %q, task %v, %s: got %v, want %v", c.condition, c.task, st, got, want)
			}
		}
	}
	stopped := facts{state: StateStopped}
	if satisfied(Dependency{}, stopped) != notYet {
		t.Error("a dependency that somebody stopped may be started again: its waiters wait")
	}
}

func TestBackoffDoublesToItsBoundWithJitter(t *testing.T) {
	r := Service{}.withDefaults().Restart
	want := []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000}
	for failures, ms := range want {
		d := ms * time.Millisecond
		seen := map[time.Duration]bool{}
		for range 200 {
			got := r.pause(failures)
			if got < d-d/5 || got > d+d/5 {
				t.Fatalf("pause(%d) = %s, want %s give or take a fifth", failures, got, d)
			}
			seen[got] = true
		}
		if len(seen) < 10 {
			t.Errorf("pause(%d) took %d values of 200", failures, len(seen))
		}
	}
	huge := Restart{Backoff: time.Hour, MaxBackoff: time.Minute}
	if got := huge.pause(80); got > 72*time.Second {
		t.Errorf("pause beyond the bound: %s", got)
	}
}
