package cli

import (
	"slices"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// TestAScopeKnowsWhatMovesWhereverItLooksFirst: which service was on its way the last
// time must not decide the answer.
func TestAScopeKnowsWhatMovesWhereverItLooksFirst(t *testing.T) {
	f := newFollower(newFakeProject(control.Snapshot{}), control.NewMirror(control.Snapshot{}), []string{"a", "b"}, nil)
	seq := uint64(0)
	tell := func(kind supervisor.EventKind, name string, state supervisor.State) {
		seq++
		f.take(control.Event{Seq: seq, Kind: kind, Service: &control.Service{Name: name, State: state, Wanted: true}})
	}
	set := func(name string, state supervisor.State) { tell(supervisor.EventState, name, state) }
	want := func(when string, reached, moves, finished bool) {
		t.Helper()
		if f.reached() != reached || f.moves() != moves || f.finished() != finished {
			t.Errorf("%s: reached %v, moves %v, finished %v", when, f.reached(), f.moves(), f.finished())
		}
	}
	set("a", supervisor.StateStarting)
	if f.current() {
		t.Error("nothing is known of b, and yet the mirror shows what was asked for")
	}
	set("b", supervisor.StateStarting)
	want("both start", false, true, false)
	if f.effective = seq + 1; f.current() {
		t.Error("the mirror has not come to what was asked for, and yet shows it")
	}
	set("a", supervisor.StateReady)
	want("b starts", false, true, false)
	if !f.current() {
		t.Error("the mirror shows what was asked for")
	}
	set("b", supervisor.StateReady)
	want("both are ready", true, false, false)
	set("c", supervisor.StateStarting)
	want("another one starts", true, true, false)
	tell(supervisor.EventRemoved, "c", supervisor.StateStopped)
	want("it is removed", true, false, false)
	set("a", supervisor.StateBackoff)
	want("a starts again", false, true, false)
	set("a", supervisor.StateFailed)
	set("b", supervisor.StateFailed)
	want("both have failed", true, false, true)
	set("b", supervisor.StateStarting)
	f.mirror.Reset(control.Snapshot{Seq: seq + 1, Services: []control.Service{{Name: "a", State: supervisor.StateFailed, Wanted: true}}})
	f.relist()
	want("b is gone from the snapshot", true, false, true)
	if got := view.Names(f.all()); !slices.Equal(got, []string{"a"}) {
		t.Errorf("left are %q", got)
	}
}
