package view

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// streamed is what a stream shows of what write has written to its screen.
func streamed(t *testing.T, write func(s Screen)) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := Terminal{Out: w}.Stream(StreamOptions{Names: []string{"api", "web"}})
	write(s)
	_ = s.Close()
	_ = w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shout writes n lines of a service.
func shout(s Screen, service string, n int) {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	_ = s.Lines(service, noon, b.Bytes())
}

func TestLinesThatStandJustAboveAreNotQuoted(t *testing.T) {
	for name, test := range map[string]struct {
		write func(s Screen)
		quote bool
	}{
		"just above":          {func(s Screen) { shout(s, "api", 5) }, false},
		"with others between": {func(s Screen) { shout(s, "api", 5); shout(s, "web", 10) }, false},
		"far above":           {func(s Screen) { shout(s, "api", 5); shout(s, "web", 40) }, true},
		"never":               {func(s Screen) { shout(s, "web", 5) }, true},
	} {
		got := streamed(t, func(s Screen) {
			test.write(s)
			s.Quote("api", []string{"line 3", "line 4"}, 1)
		})
		if strings.Contains(got, "lhrun |   api: line 3\nlhrun |   api: line 4\n") != test.quote {
			t.Errorf("%s: %s", name, got)
		}
	}
	got := streamed(t, func(s Screen) {
		shout(s, "api", 5)
		s.Quote("api", []string{"the error, before its frames"}, 200)
	})
	if !strings.Contains(got, "the error, before its frames") {
		t.Errorf("the error is out of sight: %s", got)
	}
}

func TestTheEndOfAProcessIsToldOnce(t *testing.T) {
	api := func(state supervisor.State, reason string) *control.Service {
		return &control.Service{Name: "api", State: state, Reason: reason, Since: control.Time{Time: noon}}
	}
	for reason, want := range map[string]string{
		"exited with code 1":                                            "api failed\n",
		"exited with code 1; gave up after 5 restarts":                  "api failed: exited with code 1; gave up after 5 restarts\n",
		"exited with code 1 (command not found or not executable)":      "api failed: exited with code 1 (command not found or not executable)\n",
		"not ready within 1s: nothing listens on its port 21480 so far": "api failed: not ready within 1s: nothing listens on its port 21480 so far\n",
	} {
		got := streamed(t, func(s Screen) {
			v := NewReporter(s, []string{"api"})
			ready := api(supervisor.StateReady, "")
			ready.PID = 4711
			v.Event(control.Event{Kind: supervisor.EventExit, Service: ready, Text: "exited with code 1"}, *ready, false)
			v.Event(control.Event{Kind: supervisor.EventState, Service: api(supervisor.StateStopping, "")}, *ready, false)
			v.Event(control.Event{Kind: supervisor.EventState, Service: api(supervisor.StateFailed, reason)}, *ready, false)
		})
		if !strings.HasSuffix(got, "api exited with code 1\nlhrun | "+want) {
			t.Errorf("%q: %s", reason, got)
		}
	}
	// What ended another start of it is told again.
	got := streamed(t, func(s Screen) {
		v := NewReporter(s, []string{"api"})
		ready := api(supervisor.StateReady, "")
		v.Event(control.Event{Kind: supervisor.EventExit, Service: ready, Text: "exited with code 1"}, *ready, false)
		v.Event(control.Event{Kind: supervisor.EventState, Service: api(supervisor.StateStarting, "")}, *ready, false)
		v.Event(control.Event{Kind: supervisor.EventState, Service: api(supervisor.StateFailed, "exited with code 1")}, *ready, false)
	})
	if !strings.HasSuffix(got, "lhrun | api failed: exited with code 1\n") {
		t.Error(got)
	}
}
