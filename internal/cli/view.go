package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// view turns news into lines for people. It writes to a screen and keeps only
// what it needs to say nothing twice.
type view struct {
	screen screen
	// mask takes secrets out of what lhrun itself says; services may show theirs.
	mask masker
	// keep, unless nil, is told all that is said.
	keep  func(text string)
	width int
	// quiet is: a terminal shows the progress live, so it needs no lines.
	quiet bool
	// terse leaves failures to whoever waits for their end.
	terse    bool
	reported time.Time
	summed   bool
	// announced are the services of which a notice has said that they restart.
	announced map[string]bool
}

func newView(s screen, names []string, mask masker) *view {
	v := &view{screen: s, mask: mask, quiet: s.Live(nil), announced: map[string]bool{}}
	for _, name := range names {
		v.width = max(v.width, len(name))
	}
	return v
}

func (v *view) say(format string, args ...any)   { v.tell(levelInfo, format, args) }
func (v *view) warn(format string, args ...any)  { v.tell(levelWarn, format, args) }
func (v *view) alarm(format string, args ...any) { v.tell(levelError, format, args) }

func (v *view) tell(level hclog.Level, format string, args []any) {
	text := v.mask.text(fmt.Sprintf(format, args...))
	v.screen.Say(level, text)
	if v.keep != nil {
		v.keep(text)
	}
}

func (v *view) live(lines []string) {
	for i, line := range lines {
		lines[i] = v.mask.text(line)
	}
	v.screen.Live(lines)
}

func (v *view) header(p *project, n int) {
	v.say("%s (%s): starting %s", p.checkout.Project, p.checkout.Instance, plural(n, "service"))
}

// event says what a person wants to know of e. While everything ends, only what
// goes wrong is news.
func (v *view) event(e control.Event, before control.Service, ending bool) {
	switch {
	case e.Service == nil:
	case e.Kind == control.KindNotice:
		v.warn("%s %s", e.Service.Name, e.Text)
		v.announced[e.Service.Name] = strings.HasPrefix(e.Text, "restarts")
	case e.Kind == control.KindExit && v.terse:
	case e.Kind == control.KindExit:
		if e.Text != e.Service.Reason { // Its state has told why already.
			v.alarm("%s %s", e.Service.Name, e.Text)
		}
		v.tail(e.Service.Name, e.Lines)
	case !ending:
		v.state(*e.Service, before)
	}
}

func (v *view) tail(service string, lines []string) {
	for _, line := range lines {
		v.alarm("  %s: %s", service, line)
	}
}

func (v *view) state(st, before control.Service) {
	if st.State == before.State && st.Reason == before.Reason {
		return
	}
	switch supervisor.State(st.State) {
	case supervisor.StateWaiting:
		v.waiting(st, before)
	case supervisor.StateReady, supervisor.StateCompleted:
		if !v.quiet || v.summed {
			v.say("%s%s", describe(st), after(st))
		}
	case supervisor.StateUnhealthy:
		v.warn("%s is %s", st.Name, st.Reason)
	case supervisor.StateBackoff:
		v.backoff(st)
	case supervisor.StateStopped:
		if !st.Wanted && before.State != "" && before.State != st.State {
			v.say("%s is stopped", st.Name)
		}
	case supervisor.StateFailed:
		if !v.terse {
			v.alarm("%s", describe(st))
		}
	}
}

func (v *view) backoff(st control.Service) {
	text := st.Name + " starts again" + nextTry(st)
	if v.terse && st.Reason != "" {
		text += ": " + st.Reason
	}
	v.warn("%s", text)
}

func (v *view) waiting(st, before control.Service) {
	switch {
	case before.State == string(supervisor.StateStopping):
		if !v.announced[st.Name] {
			v.say("%s restarts", st.Name)
		}
		delete(v.announced, st.Name)
	case len(st.WaitsFor) > 0 && len(before.WaitsFor) == 0 && !v.quiet:
		v.say("%s waits for %s", st.Name, strings.Join(st.WaitsFor, ", "))
	}
}

func nextTry(st control.Service) string {
	if st.NextTry == nil {
		return ""
	}
	return " in " + short(time.Until(st.NextTry.Time))
}

// after is how long it took to get there, where that is known.
func after(st control.Service) string {
	took := tookToGoal(st)
	switch {
	case took == "":
		return ""
	case st.State == string(supervisor.StateReady):
		return " after " + took + onURL(st)
	}
	return " after " + took
}

// tookToGoal is the time that a service took to be ready, a task to complete.
func tookToGoal(st control.Service) string {
	switch {
	case st.StartedAt == nil:
	case st.State == string(supervisor.StateReady) && st.ReadyAt != nil:
		return short(st.ReadyAt.Sub(st.StartedAt.Time))
	case st.State == string(supervisor.StateCompleted):
		return short(st.Since.Sub(st.StartedAt.Time))
	}
	return ""
}

func onURL(st control.Service) string {
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
	all := b.all()
	pending := those(all, isPending)
	if len(pending) == 0 {
		v.live(nil)
		return
	}
	lines := []string{fmt.Sprintf("%d of %s ready", count(all, atGoal), plural(len(all), "service"))}
	for i, st := range pending {
		if i == most {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(pending)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("  %-*s  %-9s %6s  %s", v.width, st.Name, st.State, short(now.Sub(st.Since.Time)), st.Reason))
	}
	v.live(lines)
}

// stopping says once a second which of services is still there when all are being
// stopped; on a terminal it stays on the screen.
func (v *view) stopping(services []control.Service, since time.Duration) {
	left := those(services, func(st control.Service) bool { return st.PID != 0 })
	if len(left) == 0 || since < time.Second {
		return
	}
	var names []string
	for _, st := range left {
		if st.State == string(supervisor.StateStopping) {
			names = append(names, fmt.Sprintf("%s (pid %d)", st.Name, st.PID))
		}
	}
	text := "still waits for " + strings.Join(names, ", ")
	if rest := len(left) - len(names); rest > 0 {
		text += fmt.Sprintf(", then %s", plural(rest, "more service"))
	}
	switch {
	case v.quiet:
		v.live([]string{text + ": " + short(since.Truncate(100*time.Millisecond))})
	case time.Since(v.reported) >= time.Second:
		v.reported = time.Now()
		v.say("%s", text)
	}
}

func (v *view) goodbye(n int, took time.Duration) {
	v.say("stopped %s in %s", plural(n, "service"), short(took))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
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
