package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// view turns news into lines for people. It writes to a screen and keeps only
// what it needs to say nothing twice.
type view struct {
	screen screen
	width  int
	// quiet is: a terminal shows the progress live, so it needs no lines.
	quiet    bool
	reported time.Time
	summed   bool
}

func newView(s screen, names []string) *view {
	v := &view{screen: s, quiet: s.Live(nil)}
	for _, name := range names {
		v.width = max(v.width, len(name))
	}
	return v
}

func (v *view) say(format string, args ...any) { v.screen.Say(levelInfo, fmt.Sprintf(format, args...)) }
func (v *view) warn(format string, args ...any) {
	v.screen.Say(levelWarn, fmt.Sprintf(format, args...))
}
func (v *view) alarm(format string, args ...any) {
	v.screen.Say(levelError, fmt.Sprintf(format, args...))
}

func (v *view) live(lines []string) { v.screen.Live(lines) }

func (v *view) header(p *project, n int) {
	v.say("%s (%s): starting %s", p.checkout.Project, p.checkout.Instance, plural(n, "service"))
}

// event says what a person wants to know of e. While everything ends, only what
// goes wrong is news.
func (v *view) event(e supervisor.Event, before supervisor.Status, ending bool) {
	switch {
	case e.Kind == supervisor.EventNotice:
		v.warn("%s %s", e.Service, e.Text)
	case e.Kind == supervisor.EventExit:
		if e.Text != e.Status.Reason { // Its state has told why already.
			v.alarm("%s %s", e.Service, e.Text)
		}
		for _, line := range e.Lines {
			v.alarm("  %s: %s", e.Service, line)
		}
	case !ending:
		v.state(e.Status, before)
	}
}

func (v *view) state(st, before supervisor.Status) {
	if st.State == before.State && st.Reason == before.Reason {
		return
	}
	switch st.State {
	case supervisor.StateWaiting:
		if len(st.WaitsFor) > 0 && len(before.WaitsFor) == 0 && !v.quiet {
			v.say("%s waits for %s", st.Name, strings.Join(st.WaitsFor, ", "))
		}
	case supervisor.StateReady, supervisor.StateCompleted:
		if !v.quiet || v.summed {
			v.say("%s%s", describe(st), after(st))
		}
	case supervisor.StateUnhealthy:
		v.warn("%s is %s", st.Name, st.Reason)
	case supervisor.StateBackoff:
		v.warn("%s starts again in %s", st.Name, short(time.Until(st.NextTry)))
	case supervisor.StateFailed:
		v.alarm("%s", describe(st))
	}
}

// after is how long it took to get there, where that is known.
func after(st supervisor.Status) string {
	if st.State == supervisor.StateReady && !st.ReadyAt.IsZero() {
		return " after " + short(st.ReadyAt.Sub(st.StartedAt)) + onURL(st)
	}
	if st.State == supervisor.StateCompleted {
		return " after " + short(st.Since.Sub(st.StartedAt))
	}
	return ""
}

func onURL(st supervisor.Status) string {
	if st.Port == 0 {
		return ""
	}
	return ", " + st.URL
}

// progress shows, on a terminal, who is not ready yet and what it waits for.
func (v *view) progress(b *board, now time.Time) {
	if !v.quiet {
		return
	}
	const most = 8
	pending := b.those(isPending)
	if len(pending) == 0 {
		v.live(nil)
		return
	}
	lines := []string{fmt.Sprintf("%d of %s ready", b.count(atGoal), plural(len(b.order), "service"))}
	for i, st := range pending {
		if i == most {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(pending)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("  %-*s  %-9s %6s  %s", v.width, st.Name, st.State, short(now.Sub(st.Since)), st.Reason))
	}
	v.live(lines)
}

// stopping says once a second who is still there after the first Ctrl-C.
func (v *view) stopping(b *board, since time.Duration) {
	left := b.those(func(st supervisor.Status) bool { return st.PID != 0 })
	if len(left) == 0 || time.Since(v.reported) < time.Second || since < time.Second {
		return
	}
	v.reported = time.Now()
	var names []string
	for _, st := range left {
		if st.State == supervisor.StateStopping {
			names = append(names, fmt.Sprintf("%s (pid %d)", st.Name, st.PID))
		}
	}
	text := strings.Join(names, ", ")
	if rest := len(left) - len(names); rest > 0 {
		text += fmt.Sprintf(", then %s", plural(rest, "more service"))
	}
	v.say("still waits for %s", text)
}

func (v *view) goodbye(n int, took time.Duration) {
	v.say("stopped %s in %s", plural(n, "service"), short(took))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// short writes a duration with two or three digits: 85ms, 1.2s, 3m20s.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "0ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
