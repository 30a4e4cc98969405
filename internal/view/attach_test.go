package view

import (
	"testing"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

func TestWhatIsToldToWhomIsAttached(t *testing.T) {
	at := func(state supervisor.State) control.Service {
		return control.Service{Name: "api", State: state, Reason: "exited with code 3"}
	}
	for _, c := range []struct {
		now, before supervisor.State
		ran         bool
		want        string
	}{
		{supervisor.StateReady, supervisor.StateStarting, true, ""},
		{supervisor.StateStarting, supervisor.StateWaiting, false, "api starts"},
		{supervisor.StateStarting, supervisor.StateWaiting, true, "api restarts"},
		{supervisor.StateStarting, supervisor.StateStarting, true, ""},
		{supervisor.StateBackoff, supervisor.StateStopping, true, "api exited with code 3, and starts again"},
		{supervisor.StateStopping, supervisor.StateReady, true, ""},
		{supervisor.StateWaiting, supervisor.StateStopping, true, ""},
	} {
		if got := AttachedNews(at(c.now), at(c.before), c.ran); got != c.want {
			t.Errorf("%s behind %s: %q, want %q", c.now, c.before, got, c.want)
		}
	}
	runs := at(supervisor.StateReady)
	runs.PID = 7
	if got := AttachedTo(runs); got != "attached to api; Ctrl-] leaves" {
		t.Error(got)
	}
	waits := control.Service{Name: "api", State: supervisor.StateWaiting, Reason: "for db"}
	if got := AttachedTo(waits); got != "attached; api is waiting: for db; Ctrl-] leaves" {
		t.Error(got)
	}
}
