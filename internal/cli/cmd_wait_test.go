package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// How each kind of service stands in each state to each goal.
func TestGoal(t *testing.T) {
	const (
		S = "service"
		T = "task"
	)
	for _, tt := range []struct {
		goal   goal
		kind   string
		state  supervisor.State
		wanted bool
		want   standing
	}{
		{nil, S, "waiting", true, onItsWay},
		{nil, S, "starting", true, onItsWay},
		{nil, S, "ready", true, there},
		{nil, S, "unhealthy", true, onItsWay},
		{nil, S, "backoff", true, onItsWay},
		{nil, S, "stopping", true, onItsWay},
		{nil, S, "stopping", false, never},
		{nil, S, "stopped", true, never},
		{nil, S, "stopped", false, never},
		{nil, S, "failed", true, never},
		{nil, T, "starting", true, onItsWay},
		{nil, T, "completed", true, there},
		{nil, T, "failed", true, never},
		{goal{"completed", "stopped"}, T, "starting", true, onItsWay},
		{goal{"completed", "stopped"}, T, "completed", true, there},
		{goal{"completed", "stopped"}, S, "stopped", false, there},
		{goal{"completed", "stopped"}, S, "stopping", false, onItsWay},
		{goal{"completed", "stopped"}, S, "ready", true, onItsWay},
		{goal{"completed", "stopped"}, S, "failed", true, never},
		{goal{"failed"}, S, "backoff", true, onItsWay},
		{goal{"failed"}, S, "failed", true, there},
		{goal{"failed"}, T, "completed", true, never},
		{goal{"starting"}, S, "starting", true, there},
	} {
		s := control.Service{Name: "x", Type: tt.kind, State: tt.state, Wanted: tt.wanted}
		if got := tt.goal.of(s); got != tt.want {
			t.Errorf("goal %q, %s %s, wanted %v: %d, want %d", tt.goal, tt.kind, tt.state, tt.wanted, got, tt.want)
		}
	}
}

func waitOn(states goal, names ...string) *waiting {
	return &waiting{errs: io.Discard, states: states, names: names, checkout: ports.Checkout{Project: "shop", Instance: "main"}, timeout: time.Second}
}

func one(name string, state supervisor.State) control.Service {
	return control.Service{Name: name, Type: "service", State: state, Wanted: true}
}

func startingPair() *fakeProject {
	return newFakeProject(control.Snapshot{Seq: 7, Services: []control.Service{one("db", "ready"), one("api", "starting"),
		{Name: "docs", Type: "service", State: "stopped"}}})
}

// The end of a wait is decided by what is told, and nothing is asked for a second
// time while it goes on.
func TestWaitIsEventDrivenAndDoesNotPoll(t *testing.T) {
	p := startingPair()
	done := make(chan error, 1)
	go func() { done <- waitOn(nil).run(t.Context(), p) }()
	p.untilFollowed(t)
	for range 200 {
		p.say(control.Event{Kind: supervisor.EventNotice, Text: "still nothing"})
	}
	p.set(one("api", "starting"))
	p.set(one("api", "ready"))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if p.asked != 1 || p.streams != 1 {
		t.Errorf("%d snapshots and %d streams were asked for, want one each", p.asked, p.streams)
	}
}

func TestWaitEnds(t *testing.T) {
	failed := one("api", "failed")
	failed.Reason = "exited with code 7"
	task := control.Service{Name: "migrate", Type: "task", State: "starting", Wanted: true}
	completed := task
	completed.State = "completed"
	for _, tt := range []struct {
		name string
		wait func(p *fakeProject) *waiting
		then func(p *fakeProject)
		code int
		text string
	}{
		{"ready at once", func(p *fakeProject) *waiting { return waitOn(nil, "db") }, nil, 0, ""},
		{"all that is wanted", func(p *fakeProject) *waiting { return waitOn(nil) }, func(p *fakeProject) { p.set(one("api", "ready")) }, 0, ""},
		{"a failure at once", func(p *fakeProject) *waiting { return waitOn(nil) }, func(p *fakeProject) { p.set(failed) }, 1, "api failed: exited with code 7"},
		{"one that nobody asked for", func(p *fakeProject) *waiting { return waitOn(nil, "docs") }, nil, 1, "docs is stopped"},
		{"a failure that is waited for", func(p *fakeProject) *waiting { return waitOn(goal{"failed"}, "api") }, func(p *fakeProject) { p.set(failed) }, 0, ""},
		{"a task", func(p *fakeProject) *waiting { p.set(task); return waitOn(nil, "migrate") }, func(p *fakeProject) { p.set(completed) }, 0, ""},
		{"all tasks", func(p *fakeProject) *waiting { p.set(task); return waitOn(goal{"completed"}) }, func(p *fakeProject) { p.set(completed) }, 0, ""},
		{"stopped by the end", func(p *fakeProject) *waiting { return waitOn(goal{"stopped"}, "db", "api") },
			func(p *fakeProject) { p.set(one("db", "stopped"), one("api", "stopped")); p.end(control.ErrEnded) }, 0, ""},
		{"the end", func(p *fakeProject) *waiting { return waitOn(nil) }, func(p *fakeProject) { p.end(control.ErrEnded) }, 5, "shop (main) has ended: api is starting"},
		{"a crash", func(p *fakeProject) *waiting { return waitOn(nil) }, func(p *fakeProject) { p.end(control.ErrLost) }, 5, "shop (main) has ended: api is starting"},
		{"a reload that takes it away", func(p *fakeProject) *waiting { return waitOn(nil, "api") },
			func(p *fakeProject) {
				s := one("api", "")
				p.say(control.Event{Kind: supervisor.EventRemoved, Service: &s})
			}, 1, "api is not part of the project any more"},
		{"missed events", func(p *fakeProject) *waiting { return waitOn(nil) },
			func(p *fakeProject) { p.quietly(one("api", "ready")); p.say(control.Event{Kind: control.EventMissed}) }, 0, ""},
		{"no such service", func(p *fakeProject) *waiting { return waitOn(nil, "aip") }, nil, 2, `unknown service "aip", did you mean "api"?`},
		{"a task that is to be ready", func(p *fakeProject) *waiting { p.set(task); return waitOn(goal{"ready"}, "migrate") }, nil, 2, "migrate is a task, so it is never ready"},
		{"nothing", func(p *fakeProject) *waiting { return waitOn(goal{"completed"}) }, nil, 1, "there is nothing to wait for: no service of shop (main) can be completed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := startingPair()
			w := tt.wait(p)
			done := make(chan error, 1)
			go func() { done <- w.run(t.Context(), p) }()
			if tt.then != nil {
				select {
				case err := <-done:
					t.Fatalf("ended before: %v", err)
				case <-time.After(5 * time.Millisecond):
				}
				tt.then(p)
			}
			err := <-done
			text := ""
			if err != nil {
				text = err.Error()
			}
			if exitCode(err) != tt.code || text != tt.text {
				t.Errorf("code %d and %q, want %d and %q", exitCode(err), text, tt.code, tt.text)
			}
		})
	}
}

// After the timeout the reason is the newest one.
func TestWaitTimeoutTellsWhatIsLacking(t *testing.T) {
	p := startingPair()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(20*time.Millisecond))
	defer cancel()
	now := one("api", "starting")
	now.Reason = "nothing listens on its port 21480 yet"
	p.quietly(now)
	err := waitOn(nil).run(ctx, p)
	if want := "not ready within 1s: api is starting: nothing listens on its port 21480 yet"; exitCode(err) != 4 || err.Error() != want {
		t.Errorf("code %d, %v", exitCode(err), err)
	}
}

func TestParseGoal(t *testing.T) {
	if _, err := parseGoal([]string{"complete"}); exitCode(err) != 2 || err.Error() != `unknown state "complete", did you mean "completed"?; it is one of waiting, starting, ready, unhealthy, stopping, backoff, completed, stopped, failed` {
		t.Error(err)
	}
	if g, err := parseGoal([]string{"completed", "stopped"}); err != nil || g.String() != "completed or stopped" {
		t.Error(g, err)
	}
}

func TestAServiceThatIsNotInTheRunIsAUsageError(t *testing.T) {
	if _, err := pick(startingPair().snap, []string{"aip"}); exitCode(err) != 2 {
		t.Error(err)
	}
}

// heard is what one goroutine writes and another reads.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// Who waits is told each ten seconds for what.
func TestWaitSaysWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startingPair()
		for _, name := range []string{"a", "b", "c"} {
			s := one(name, "waiting")
			s.Reason = "waits for api"
			p.set(s)
		}
		w := waitOn(nil)
		var told heard
		w.errs = &told
		done := make(chan error, 1)
		go func() { done <- w.run(t.Context(), p) }()
		time.Sleep(9 * time.Second)
		if told.String() != "" {
			t.Errorf("told %q", told.String())
		}
		time.Sleep(2 * time.Second)
		if want := "lhrun: not ready after 10s: api is starting; a is waiting: waits for api; b is waiting: waits for api; and 1 more\n"; told.String() != want {
			t.Errorf("told %q, want %q", told.String(), want)
		}
		time.Sleep(20 * time.Second)
		if n := strings.Count(told.String(), "\n"); n != 3 || !strings.Contains(told.String(), "after 30s") {
			t.Errorf("told %q", told.String())
		}
		for _, name := range []string{"a", "b", "c", "api"} {
			p.set(one(name, "ready"))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestEveryTellsUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []time.Duration
		stop := every(10*time.Second, func(since time.Duration) { told = append(told, since) })
		time.Sleep(25 * time.Second)
		stop()
		time.Sleep(time.Minute)
		if !slices.Equal(told, []time.Duration{10 * time.Second, 20 * time.Second}) {
			t.Errorf("told after %v", told)
		}
	})
}
