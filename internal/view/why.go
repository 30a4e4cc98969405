package view

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/words"
)

// WhyLines is how many of its last lines a service at fault is shown with.
const WhyLines = 10

// Explanation says how a service is at one moment, and why.
type Explanation struct {
	*cause
	// Now is that moment. Ended says that it is the end of the last run.
	Now   time.Time
	Ended bool
	// last holds the last lines of the services at fault, by name.
	last map[string][]string
}

// LogReader reads log lines as control.Project does.
type LogReader func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error

// Explain finds the reasons of a service of snap and the last lines of the
// services at fault.
func Explain(ctx context.Context, snap control.Snapshot, s control.Service, read LogReader) (Explanation, error) {
	e := Explanation{cause: causeOf(snap, s), Now: time.Now(), last: map[string][]string{}}
	for _, root := range e.roots() {
		if !hasSpoken(root.Service) {
			continue
		}
		lines, err := LastLines(ctx, read, root.Name, WhyLines)
		if err != nil {
			return e, err
		}
		e.last[root.Name] = lines
	}
	return e, nil
}

// excerptOf is how many last lines LastLines chooses from.
const excerptOf = 200

// LastLines returns up to n lines of a service at fault, fit for a terminal: those of its
// last lines that best say what went wrong. Of lhrun itself it returns the last n.
func LastLines(ctx context.Context, read LogReader, service string, n int) ([]string, error) {
	last := excerptOf
	if service == logs.Self {
		last = n
	}
	var lines []string
	err := read(ctx, control.LogQuery{Services: []string{service}, Last: last}, func(l control.LogLine) error {
		lines = append(lines, logs.OneLine(l.Text))
		return nil
	})
	return logs.Excerpt(lines, n), err
}

// TailLines is how many of its last lines a service at fault is shown with by QuoteLast.
const TailLines = 20

// QuoteLast shows the last lines of a service at fault. What services print is their own,
// but here lhrun repeats it: mask takes the secrets out.
func (v *Reporter) QuoteLast(from LogReader, service string, mask func(string) string) {
	lines, err := LastLines(context.Background(), from, service, TailLines)
	if err != nil {
		v.Alarm("cannot show the last lines of %s: %v", service, err)
	}
	for i, line := range lines {
		lines[i] = mask(line)
	}
	v.Tail(service, lines)
}

// Write writes the explanation for people. Mask removes secrets.
func (e Explanation) Write(w io.Writer, mask func(string) string) error {
	var lines []string
	if e.Ended {
		lines = append(lines, fmt.Sprintf("When the last run ended, %s ago:", words.Age(time.Since(e.Now))))
	}
	lines = append(lines, e.lines(e.Now)...)
	if details := e.details(e.Now); len(details) > 0 {
		if len(e.because) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, details...)
	}
	for _, root := range e.roots() {
		if probe := root.probe(e.Now); root != e.cause && len(probe) > 0 {
			lines = append(append(lines, "", root.Name+":"), Table(probe)...)
		}
	}
	for _, root := range e.roots() {
		if last := e.last[root.Name]; len(last) > 0 {
			lines = append(append(lines, ""), WroteLast(root.Name, last)...)
		}
	}
	if advice := e.advice(); advice != "" && !e.Ended {
		lines = append(lines, "", advice)
	}
	_, err := fmt.Fprintln(w, mask(strings.Join(lines, "\n")))
	return err
}

// WroteLast lays out the last lines that a service wrote.
func WroteLast(service string, last []string) []string {
	lines := []string{service + " wrote last:"}
	for _, line := range last {
		lines = append(lines, "  | "+line)
	}
	return lines
}

// whyFact is one service in what why --json prints.
type whyFact struct {
	control.Service
	Why       string    `json:"why"`
	Because   []whyFact `json:"because"`
	LastLines []string  `json:"last_lines,omitempty"`
}

// Facts returns the explanation in the form of why --json. Mask removes secrets.
func (e Explanation) Facts(mask func(string) string) any { return e.facts(e.cause, mask) }

func (e Explanation) facts(c *cause, mask func(string) string) whyFact {
	f := whyFact{Service: c.Service, Why: mask(c.sentence(e.Now)), Because: []whyFact{}}
	f.Reason = mask(f.Reason)
	for _, b := range c.because {
		f.Because = append(f.Because, e.facts(b, mask))
	}
	for _, line := range e.last[c.Name] {
		f.LastLines = append(f.LastLines, mask(line))
	}
	return f
}
