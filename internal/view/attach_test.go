package view

import (
	"testing"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

func TestWhatIsToldToWhomIsAttached(t *testing.T) {
	at := func(state supervisor.State, pid int) control.Service {
		return control.Service{Name: "api", State: state, PID: pid, Reason: "exited with code 3"}
	}
	for _, c := range []struct {
		now, before control.Service
		ran         bool
		want        string
	}{
		{at(supervisor.StateReady, 7), at(supervisor.StateStarting, 7), true, ""},
		{at(supervisor.StateStarting, 0), at(supervisor.StateWaiting, 0), true, ""},
		{at(supervisor.StateStarting, 7), at(supervisor.StateStarting, 0), false, "api starts"},
		{at(supervisor.StateStarting, 7), at(supervisor.StateStarting, 0), true, "api restarts"},
		{at(supervisor.StateReady, 8), at(supervisor.StateReady, 7), true, "api restarts"},
		{at(supervisor.StateBackoff, 0), at(supervisor.StateStopping, 7), true, "api exited with code 3, and starts again"},
		{at(supervisor.StateStopping, 7), at(supervisor.StateReady, 7), true, ""},
		{at(supervisor.StateWaiting, 0), at(supervisor.StateStopping, 7), true, ""},
	} {
		if got := AttachedNews(c.now, c.before, c.ran); got != c.want {
			t.Errorf("%+v behind %+v: %q, want %q", c.now, c.before, got, c.want)
		}
	}
	if got := AttachedTo(at(supervisor.StateReady, 7)); got != "attached to api; Ctrl-] leaves" {
		t.Error(got)
	}
	waits := control.Service{Name: "api", State: supervisor.StateWaiting, Reason: "for db"}
	if got := AttachedTo(waits); got != "attached; api is waiting: for db; Ctrl-] leaves" {
		t.Error(got)
	}
}
