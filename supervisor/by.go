package supervisor

import (
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/words"
)

// Cause is the kind of whoever caused a change.
type Cause string

// The causes.
const (
	// ByProcess: a process of the user has asked for it.
	ByProcess Cause = "process"
	// ByWatch: a watched file has changed.
	ByWatch Cause = "watch"
	// BySupervisor: it followed from an exit, a probe, a backoff or a dependency.
	BySupervisor Cause = "lhrun"
)

// By says who caused a change. The zero By is nobody, as before the first one.
type By struct {
	Who Cause `json:"who"`
	// PID and Command, without secrets, are those of ByProcess; 0 and "" are not known.
	PID     int    `json:"pid,omitempty"`
	Command string `json:"command,omitempty"`
	// File is the first one that has changed, of ByWatch.
	File string `json:"file,omitempty"`
}

// itself is what the supervisor did without being asked.
var itself = By{Who: BySupervisor}

// caller is by without secrets or, where that is nobody, whoever runs the supervisor.
func (s *Supervisor) caller(by By) By {
	if by == (By{}) {
		by = s.opts.By
	}
	by.Command = words.Fit(s.mask.Text(by.Command), mostCommand) // Half a secret is not recognised.
	return by
}

// mostCommand is how many columns of a command are told.
const mostCommand = 120

// mostAsked bounds the names in the text of an EventAsked.
const mostAsked = 8

// asked tells that by asks for verb. Nobody asks for nothing.
func (s *Supervisor) asked(by By, verb string, services ...string) {
	if by == (By{}) {
		return
	}
	text := append([]string{verb}, services[:min(len(services), mostAsked)]...)
	if more := len(services) - mostAsked; more > 0 {
		text = append(text, "and", count(more, "more", "more"))
	}
	s.events = append(s.events, Event{Kind: EventAsked, Time: time.Now(), By: by, Text: strings.Join(text, " ")})
}

// EndsBy says who is about to end Run, by its context or by Kill, in place of Options.By.
func (s *Supervisor) EndsBy(by By) {
	s.post(func() {
		by = s.caller(by)
		s.endBy = by
		s.asked(by, "down")
	})
}

// changedBy has u changed by whoever by is, and takes that back where do reports that
// nothing had to be done.
func (u *unit) changedBy(by By, do func() bool) bool {
	was := u.by
	u.by = by
	changed := do()
	if !changed {
		u.by = was
	}
	return changed
}
