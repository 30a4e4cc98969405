package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// sentence says in plain words how a service is and, in short, why. Other services
// that are the reason have sentences of their own.
func (c *cause) sentence(now time.Time) string {
	since := words.Age(now.Sub(c.Since.Time))
	reason := ""
	if c.Reason != "" && len(c.because) == 0 {
		reason = ": " + c.Reason
	}
	switch c.State {
	case supervisor.StateWaiting:
		return c.waiting() + ", for " + since + " so far"
	case supervisor.StateStarting:
		if IsTask(c.Service) && reason == "" {
			reason = ": it has not come to its end"
		}
		return c.Name + " is starting, for " + since + " so far" + reason + c.again()
	case supervisor.StateReady:
		return c.Name + " is ready, for " + since + reason + c.again()
	case supervisor.StateUnhealthy:
		return c.Name + " is unhealthy, for " + since + " so far" + reason + c.again()
	case supervisor.StateStopping:
		return fmt.Sprintf("%s is stopping, for %s so far (pid %d)%s", c.Name, since, c.PID, reason)
	case supervisor.StateBackoff:
		return c.Name + " is in backoff, and will be started again" + reason + c.nextTry(now) + c.again()
	case supervisor.StateCompleted:
		return c.Name + " has completed, " + since + " ago"
	case supervisor.StateStopped:
		return c.Name + " is stopped, for " + since + reason
	case supervisor.StateFailed:
		return c.Name + " has failed, " + since + " ago" + c.failedBecause(reason)
	}
	return Describe(c.Service)
}

func (c *cause) waiting() string {
	if len(c.WaitsFor) == 0 {
		return c.Name + " waits for its turn"
	}
	return c.Name + " waits for " + words.Few(c.WaitsFor)
}

func (c *cause) failedBecause(reason string) string {
	if len(c.because) > 0 {
		return ", because of " + c.because[0].Name
	}
	return reason
}

// again says how often the service was restarted.
func (c *cause) again() string {
	if c.Restarts == 0 {
		return ""
	}
	return fmt.Sprintf("; %s so far", words.Plural(c.Restarts, "restart"))
}

func (c *cause) nextTry(now time.Time) string {
	if c.NextTry == nil {
		return ""
	}
	return fmt.Sprintf("; next try in %s, at %s", words.Short(c.NextTry.Sub(now)), c.NextTry.Local().Format("15:04:05"))
}

// lines are the sentences of the whole chain, each deeper one indented more.
func (c *cause) lines(now time.Time) []string {
	out := []string{c.sentence(now)}
	for _, b := range c.because {
		for _, line := range b.lines(now) {
			out = append(out, "  "+line)
		}
	}
	return out
}

// probe says which probe the service waits for, or which its health is found out by, and
// how far that has come.
func (c *cause) probe(now time.Time) (rows [][]string) {
	p := c.Probe
	if p == nil || p.Failures == 0 && !InState(c.Service, supervisor.StateStarting, supervisor.StateUnhealthy) {
		return nil
	}
	rows = append(rows, []string{"  probe", logs.OneLine(p.Kind + " " + p.Target)})
	// A reason that the probe gave has its error.
	if p.LastError != "" && !c.TimedOut && !InState(c.Service, supervisor.StateStarting, supervisor.StateUnhealthy) {
		rows = append(rows, []string{"  last error", logs.OneLine(p.LastError)})
	}
	if p.Failures > 0 {
		tried := "failed " + words.Plural(p.Failures, "time")
		if p.NextTry != nil {
			tried += ", next try in " + words.Short(max(0, p.NextTry.Sub(now)))
		}
		rows = append(rows, []string{"  tries", tried})
	}
	return rows
}

// details are what is known besides of a service that has run.
func (c *cause) details(now time.Time) []string {
	if c.StartedAt == nil {
		return nil
	}
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{"  " + name, value})
		}
	}
	started := c.StartedAt.Local().Format("2006-01-02 15:04:05")
	if c.ReadyAt != nil {
		started += ", ready " + words.Short(c.ReadyAt.Sub(c.StartedAt.Time)) + " later"
	}
	if InState(c.Service, supervisor.StateCompleted) {
		started += ", completed " + words.Short(c.Since.Sub(c.StartedAt.Time)) + " later"
	}
	add("started", started)
	add("by", By(c.By))
	if c.PID != 0 {
		add("pid", fmt.Sprint(c.PID))
	}
	add("port", portsOf(c.Service))
	if c.Port != 0 {
		add("url", c.URL)
	}
	if c.ExitCode != nil {
		add("last exit", fmt.Sprintf("code %d", *c.ExitCode))
	}
	return Table(append(rows, c.probe(now)...))
}

// portsOf are all ports of a service for people.
func portsOf(s control.Service) string {
	var all []string
	if s.Port != 0 {
		all = append(all, fmt.Sprint(s.Port))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Ports)) {
		all = append(all, fmt.Sprintf("%s %d", name, s.Ports[name]))
	}
	return strings.Join(all, ", ")
}

// advice says what somebody can do about it, "" where nothing is to be done.
func (c *cause) advice() string {
	for _, s := range append([]*cause{c}, c.roots()...) {
		switch {
		case InState(s.Service, supervisor.StateFailed):
			return fmt.Sprintf("once that is put right: lhrun start %s", s.Name)
		case InState(s.Service, supervisor.StateStopped):
			return fmt.Sprintf("to start it: lhrun start %s", s.Name)
		}
	}
	return ""
}
