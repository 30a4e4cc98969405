package cli

import (
	"testing"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// TestAReplicaKnowsWhatMovesWhereverItLooksFirst: which service was on its way the
// last time must not decide the answer.
func TestAReplicaKnowsWhatMovesWhereverItLooksFirst(t *testing.T) {
	b := newReplica([]string{"a", "b"})
	seq := uint64(0)
	set := func(name string, state supervisor.State, wanted bool) {
		seq++
		b.update(seq, control.Service{Name: name, State: state, Wanted: wanted})
	}
	want := func(when string, reached, moves, ended bool) {
		t.Helper()
		if b.reached() != reached || b.moves() != moves || b.ended() != ended {
			t.Errorf("%s: reached %v, moves %v, ended %v", when, b.reached(), b.moves(), b.ended())
		}
	}
	set("a", supervisor.StateStarting, true)
	set("b", supervisor.StateStarting, true)
	want("both start", false, true, false)
	set("a", supervisor.StateReady, true)
	want("b starts", false, true, false)
	set("b", supervisor.StateReady, true)
	want("both are ready", true, false, false)
	set("c", supervisor.StateStarting, true)
	want("another one starts", true, true, false)
	b.remove("c")
	want("it is removed", true, false, false)
	set("a", supervisor.StateBackoff, true)
	want("a starts again", false, true, false)
	set("a", supervisor.StateFailed, true)
	set("b", supervisor.StateFailed, true)
	want("both have failed", true, false, true)
	set("b", supervisor.StateStarting, true)
	b.refresh(control.Snapshot{Seq: seq + 1, Services: []control.Service{{Name: "a", State: supervisor.StateFailed, Wanted: true}}})
	want("b is gone from the snapshot", true, false, true)
}
