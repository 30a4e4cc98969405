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
	last map[string]lastWords
}

// lastWords are the last lines of a service's last attempt or, where that has written
// nothing, of those before.
type lastWords struct {
	lines   []string
	earlier bool
}

// LogReader reads log lines as control.Project does.
type LogReader func(ctx context.Context, q control.LogQuery, each func(control.LogLine) error) error

// Explain finds the reasons of a service of snap and the last lines of the
// services at fault.
func Explain(ctx context.Context, snap control.Snapshot, s control.Service, read LogReader) (Explanation, error) {
	e := Explanation{cause: causeOf(snap, s), Now: time.Now(), last: map[string]lastWords{}}
	for _, root := range e.roots() {
		if !hasSpoken(root.Service) {
			continue
		}
		last, err := lastWordsOf(ctx, read, root.Service, WhyLines)
		if err != nil {
			return e, err
		}
		e.last[root.Name] = last
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
	return excerptFrom(ctx, read, control.LogQuery{Services: []string{service}, Last: last}, n)
}

func excerptFrom(ctx context.Context, read LogReader, q control.LogQuery, n int) ([]string, error) {
	var lines []string
	err := read(ctx, q, func(l control.LogLine) error {
		lines = append(lines, logs.OneLine(l.Text))
		return nil
	})
	return logs.Excerpt(lines, n), err
}

func lastWordsOf(ctx context.Context, read LogReader, s control.Service, n int) (last lastWords, err error) {
	q := control.LogQuery{Services: []string{s.Name}, Last: excerptOf}
	if s.StartedAt != nil {
		q.Since = s.StartedAt.Time
		last.lines, err = excerptFrom(ctx, read, q, n)
		if err != nil || len(last.lines) > 0 || s.Restarts == 0 {
			return last, err
		}
		q.Since, q.Until = time.Time{}, s.StartedAt.Time
	}
	last.lines, err = excerptFrom(ctx, read, q, n)
	last.earlier = true
	return last, err
}

// TailLines is how many of its last lines a service at fault is shown with by QuoteLast.
const TailLines = 20

// QuoteLast shows the last lines of a service at fault. What services print is their own,
// but here lhrun repeats it: mask takes the secrets out.
func (v *Reporter) QuoteLast(from LogReader, s control.Service, mask func(string) string) {
	last, err := lastWordsOf(context.Background(), from, s, TailLines)
	if err != nil {
		v.Alarm("cannot show the last lines of %s: %v", s.Name, err)
	}
	if last.earlier && len(last.lines) > 0 {
		v.Alarm("%s", last.heading(s.Name))
	}
	for i, line := range last.lines {
		last.lines[i] = mask(line)
	}
	v.screen.Quote(s.Name, last.lines, excerptOf)
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
		if last := e.last[root.Name]; len(last.lines) > 0 {
			lines = append(append(lines, "", last.heading(root.Name)), barred(last.lines)...)
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
	return append([]string{lastWords{}.heading(service)}, barred(last)...)
}

func (l lastWords) heading(service string) string {
	if l.earlier {
		return service + " has written nothing since its last start; before that it wrote last:"
	}
	return service + " wrote last:"
}

func barred(lines []string) (out []string) {
	for _, line := range lines {
		out = append(out, "  | "+line)
	}
	return out
}

// whyFact is one service in what why --json prints.
type whyFact struct {
	control.Service
	Why       string    `json:"why"`
	Because   []whyFact `json:"because"`
	LastLines []string  `json:"last_lines,omitempty"`
	// Earlier says that they are of attempts before the last one.
	Earlier bool `json:"earlier,omitempty"`
}

// Facts returns the explanation in the form of why --json. Mask removes secrets.
func (e Explanation) Facts(mask func(string) string) any { return e.facts(e.cause, mask) }

func (e Explanation) facts(c *cause, mask func(string) string) whyFact {
	f := whyFact{Service: c.Service, Why: mask(c.sentence(e.Now)), Because: []whyFact{}}
	f.Reason = mask(f.Reason)
	for _, b := range c.because {
		f.Because = append(f.Because, e.facts(b, mask))
	}
	last := e.last[c.Name]
	f.Earlier = last.earlier && len(last.lines) > 0
	for _, line := range last.lines {
		f.LastLines = append(f.LastLines, mask(line))
	}
	return f
}
