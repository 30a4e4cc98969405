package supervisor

import (
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/mask"
)

// unit is a service and its life. It belongs to the loop.
type unit struct {
	Service
	dependents []*unit

	// removed says that a reload has taken it away, and that it is on its way out.
	removed bool

	desired desired
	// by has caused that, or what became of it.
	by      By
	status  *Status
	attempt *attempt
	// remains is the last attempt's instance where that could not be ended.
	remains instance
	// failures are restarts in a row without a minute of being ready.
	failures int
	starts   int
	retry    *time.Timer
	sockets  *sockets
	stream   *logs.Stream
	terminal *terminal
	// hold, unless nil, has it run by hand; see Take. returns says that its next start
	// is the return from that.
	hold    *hold
	returns bool
	// unawaited names the dependencies that its starts do not wait for.
	unawaited []string
	// blockers are what it waits for, since its status was blockedSince.
	blockers     []blocker
	blockedSince *Status
	// announced is the status that the last event told; nil before the first.
	announced *Status
	// told keeps a remark from being made twice in a run.
	told map[string]bool
}

func newUnit(svc Service) *unit {
	u := &unit{Service: svc, told: make(map[string]bool), terminal: newTerminal(), status: &Status{
		Name: svc.Name, State: StateStopped, Since: time.Now(), Reason: "not started",
	}}
	u.describe(u.status)
	return u
}

// describe puts into st what does not change while the service has its form.
func (u *unit) describe(st *Status) {
	st.Description, st.Task = u.Description, u.Task
	st.Port, st.Ports, st.URL = u.Port, maps.Clone(u.Ports), mask.URLs(u.URL)
	st.Names, st.Origin = u.Names, u.Origin
	st.DependsOn = u.needs()
}

// needs are the names of what u depends on.
func (s *Service) needs() []string {
	var names []string
	for _, d := range s.DependsOn {
		names = append(names, d.Name)
	}
	return names
}

func (u *unit) wanted() bool { return u.desired != desiredDown }

// desiredChanged reports whether the status does not tell yet what is desired of u.
func (u *unit) desiredChanged() bool {
	return u.status.Wanted != u.wanted() || u.status.Restarting != (u.desired == desiredRestart) || u.status.By != u.by
}

// amend replaces the status by a changed copy, as readers hold the old one. publish
// tells of it, unless an event that says more does so before.
func (s *Supervisor) amend(u *unit, change func(*Status)) {
	next := *u.status
	change(&next)
	next.Wanted, next.Restarting, next.By = u.wanted(), u.desired == desiredRestart, u.by
	if next.Reason != u.status.Reason {
		next.Reason = s.mask.Text(next.Reason)
	}
	if reflect.DeepEqual(next, *u.status) {
		return
	}
	u.status = &next
	s.moved, s.stale = true, true
}

// set is the only way to a new state: it stamps and publishes. details are what
// goes with that state alone.
func (s *Supervisor) set(u *unit, state State, reason string, details ...func(*Status)) {
	s.amend(u, func(st *Status) {
		if st.State != state {
			st.Since = time.Now()
		}
		st.State, st.Reason = state, reason
		st.WaitsFor, st.FailedBy, st.NextTry = nil, "", time.Time{}
		for _, f := range details {
			f(st)
		}
	})
	s.tell(u, Event{Kind: EventState})
}

func (s *Supervisor) tell(u *unit, e Event) {
	e.Time, e.Service, e.Status = time.Now(), u.Name, *u.status
	e.Text = s.mask.Text(e.Text)
	for i, line := range e.Lines {
		e.Lines[i] = s.mask.Text(line)
	}
	if u.announced != u.status {
		u.terminal.tell(u.status)
	}
	u.announced = u.status
	s.events = append(s.events, e)
}

func (s *Supervisor) notice(u *unit, about Notice, format string, args ...any) {
	s.tell(u, Event{Kind: EventNotice, Notice: about, Text: fmt.Sprintf(format, args...)})
}

// remark is a notice that is made once in a run.
func (s *Supervisor) remark(u *unit, about Notice, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !u.told[text] {
		u.told[text] = true
		s.notice(u, about, "%s", text)
	}
}

// running reports whether an instance of u exists that nobody is ending.
func (u *unit) running() bool {
	return u.attempt != nil && u.attempt.instance != nil && !u.attempt.ending
}

// ports are all that it is told to listen on.
func (s *Service) ports() []int {
	var out []int
	if s.Port != 0 {
		out = append(out, s.Port)
	}
	for _, p := range s.Ports {
		out = append(out, p)
	}
	return out
}

// openStream makes the path that a unit's output takes; it outlives attempts.
func (s *Supervisor) openStream(u *unit) {
	if u.stream != nil {
		return
	}
	opts := logs.StreamOptions{Service: u.Name, Sink: s.opts.Output, Failed: func(err error) {
		s.post(func() { s.notice(u, NoticeTrouble, "%v", err) })
	}}
	if s.store != nil {
		log, err := s.store.Log(u.Name)
		if err != nil {
			s.notice(u, NoticeTrouble, "%v", err)
		} else {
			opts.Log = log
		}
	}
	u.stream = logs.NewStream(opts)
}
