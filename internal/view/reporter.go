package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// Reporter turns events into lines for people. It writes to a screen and keeps
// only what it needs to say nothing twice.
type Reporter struct {
	// Terse leaves failures to the caller, who tells of them at the end.
	Terse bool
	// Summed says that the summary was shown, or that none is to come. From then on
	// a service that becomes ready is worth a line even on a terminal.
	Summed bool

	screen Screen
	width  int
	// quiet says that a terminal shows the progress live, so it needs no lines.
	quiet    bool
	reported time.Time
	// announced holds the services whose restart a notice has told, exits how those have
	// ended that have not been started again since.
	announced map[string]bool
	exits     map[string]string
}

// NewReporter returns a Reporter of the services of those names. What it is told to say
// must hold no secret.
func NewReporter(s Screen, names []string) *Reporter {
	v := &Reporter{screen: s, quiet: s.Live(nil), announced: map[string]bool{}, exits: map[string]string{}}
	for _, name := range names {
		v.width = max(v.width, len(name))
	}
	return v
}

// Say tells what is as it should be.
func (v *Reporter) Say(format string, args ...any) { v.tell(hclog.Info, format, args) }

// Warn tells of a drawback.
func (v *Reporter) Warn(format string, args ...any) { v.tell(hclog.Warn, format, args) }

// Alarm tells of a failure.
func (v *Reporter) Alarm(format string, args ...any) { v.tell(hclog.Error, format, args) }

func (v *Reporter) tell(level hclog.Level, format string, args []any) {
	v.screen.Say(level, fmt.Sprintf(format, args...))
}

// Live shows lines below the stream where the screen can; nil removes them.
func (v *Reporter) Live(lines []string) { v.screen.Live(lines) }

// Event says what a person wants to know of e; before is the service as it was.
// While everything ends, only failures are told.
func (v *Reporter) Event(e control.Event, before control.Service, ending bool) {
	switch {
	case e.Service == nil:
	case e.Kind == supervisor.EventNotice:
		v.Warn("%s %s", e.Service.Name, e.Text)
		v.announced[e.Service.Name] = e.Notice == supervisor.NoticeRestarts
	case e.Kind == supervisor.EventExit && v.Terse:
	case e.Kind == supervisor.EventExit:
		if e.Text != e.Service.Reason { // Its state has told why already.
			v.Alarm("%s %s", e.Service.Name, e.Text)
			if e.Service.PID != 0 {
				v.exits[e.Service.Name] = e.Text
			}
		}
		v.screen.Quote(e.Service.Name, e.Lines, e.Behind)
	case !ending:
		v.state(*e.Service, before)
	}
}

func (v *Reporter) state(st, before control.Service) {
	if st.State == before.State && st.Reason == before.Reason {
		return
	}
	switch st.State {
	case supervisor.StateStarting:
		delete(v.exits, st.Name)
	case supervisor.StateWaiting:
		v.waiting(st, before)
	case supervisor.StateReady, supervisor.StateCompleted:
		if !v.quiet || v.Summed {
			v.Say("%s%s", Describe(st), after(st))
		}
	case supervisor.StateUnhealthy:
		v.Warn("%s", Describe(st))
	case supervisor.StateBackoff:
		v.backoff(st)
	case supervisor.StateStopped:
		if !st.Wanted && before.State != "" && before.State != st.State {
			v.Say("%s is stopped", st.Name)
		}
	case supervisor.StateFailed:
		if !v.Terse {
			v.Alarm("%s", v.failed(st))
		}
	}
}

// failed is Describe without the end of the process that was told just before.
func (v *Reporter) failed(st control.Service) string {
	if st.Reason == v.exits[st.Name] {
		st.Reason = ""
	}
	return Describe(st)
}

func (v *Reporter) backoff(st control.Service) {
	text := st.Name + " starts again" + nextTry(st)
	if v.Terse && st.Reason != "" {
		text += ": " + st.Reason
	}
	v.Warn("%s", text)
}

func (v *Reporter) waiting(st, before control.Service) {
	switch {
	case before.State == supervisor.StateStopping:
		if !v.announced[st.Name] {
			v.Say("%s restarts", st.Name)
		}
		delete(v.announced, st.Name)
	case len(st.WaitsFor) > 0 && len(before.WaitsFor) == 0 && !v.quiet:
		v.Say("%s waits for %s", st.Name, words.Few(st.WaitsFor))
	}
}

func nextTry(st control.Service) string {
	if st.NextTry == nil {
		return ""
	}
	return " in " + words.Short(time.Until(st.NextTry.Time))
}

// after says how long s took to get there, where that is known.
func after(st control.Service) string {
	took := tookToTarget(st)
	switch {
	case took == "":
		return ""
	case st.State == supervisor.StateReady:
		return " after " + took + onURL(st)
	}
	return " after " + took
}

// tookToTarget is the time that a service took to be ready, a task to complete.
func tookToTarget(st control.Service) string {
	switch {
	case st.StartedAt == nil:
	case st.State == supervisor.StateReady && st.ReadyAt != nil:
		return words.Short(st.ReadyAt.Sub(st.StartedAt.Time))
	case st.State == supervisor.StateCompleted:
		return words.Short(st.Since.Sub(st.StartedAt.Time))
	}
	return ""
}

func onURL(st control.Service) string {
	if st.Port == 0 || st.URL == "" {
		return ""
	}
	return ", " + st.URL
}

// Progress shows, on a terminal, which services are not ready yet and what they
// wait for.
func (v *Reporter) Progress(all []control.Service, now time.Time) {
	if !v.quiet {
		return
	}
	const most = 8
	pending := Filter(all, IsPending)
	if len(pending) == 0 {
		v.Live(nil)
		return
	}
	lines := []string{fmt.Sprintf("%d of %s ready", Count(all, AtTarget), words.Plural(len(all), "service"))}
	for i, st := range pending {
		if i == most {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(pending)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("  %-*s  %-9s %6s  %s", v.width, st.Name, st.State, words.Short(now.Sub(st.Since.Time)), st.Reason))
	}
	v.Live(lines)
}

// Stopping says once a second which services still have a process while all are
// being stopped; on a terminal it stays on the screen.
func (v *Reporter) Stopping(services []control.Service, since time.Duration) {
	left := Filter(services, func(st control.Service) bool { return st.PID != 0 && !IsSettled(st) })
	if len(left) == 0 || since < time.Second {
		return
	}
	var names []string
	for _, st := range left {
		if st.State == supervisor.StateStopping {
			names = append(names, fmt.Sprintf("%s (pid %d)", st.Name, st.PID))
		}
	}
	text := "still waits for " + strings.Join(names, ", ")
	if rest := len(left) - len(names); rest > 0 {
		text += fmt.Sprintf(", then %s", words.Plural(rest, "more service"))
	}
	switch {
	case v.quiet:
		v.Live([]string{text + ": " + words.Short(since.Truncate(100*time.Millisecond))})
	case time.Since(v.reported) >= time.Second:
		v.reported = time.Now()
		v.Say("%s", text)
	}
}

// Goodbye says that a run of n services has ended.
func (v *Reporter) Goodbye(n int, took time.Duration) {
	v.Say("stopped %s in %s", words.Plural(n, "service"), words.Short(took))
}
