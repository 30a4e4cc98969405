package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/term"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

// show takes what the service's terminal shows.
func (a *attachment) show(s control.Shown) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Service != nil && !a.hasBegun() {
		if err := a.begin(*s.Service); err != nil {
			return err
		}
	}
	if s.Missed > 0 {
		a.say("%d bytes missed, which were written faster than they were shown", s.Missed)
	}
	if len(s.Output) > 0 {
		a.untaken = false
		a.modes.See(s.Output)
		a.within = s.Output[len(s.Output)-1] != '\n'
		if _, err := a.Out.Write(s.Output); err != nil {
			return err
		}
	}
	if s.Untaken && !a.untaken {
		a.untaken = true
		a.say("%s does not read what is typed", a.name)
	}
	if s.Service != nil {
		return a.news(*s.Service)
	}
	return nil
}

// begin takes the terminal, unless the service is not there to be attached to.
func (a *attachment) begin(s control.Service) error {
	if view.IsSettled(s) && !s.Restarting {
		return exitError{exitNotRunning, fmt.Errorf("%s; %q starts it", view.Describe(s), "lhrun start "+s.Name)}
	}
	raw, err := a.Raw()
	if err != nil {
		return err
	}
	if a.now = s; raw != nil {
		a.raw.Store(raw)
		a.say("%s", view.AttachedTo(s))
	}
	close(a.begun)
	return nil
}

// news takes what becomes of the service. The error is the end of it.
func (a *attachment) news(s control.Service) error {
	before := a.now
	a.now = s
	a.running.Store(s.PID != 0)
	if view.IsSettled(s) && !s.Restarting {
		a.clean()
		if view.IsFailed(s) {
			return exitError{failedCode(s), errors.New(view.Describe(s))}
		}
		a.say("%s", view.Describe(s))
		return exitError{0, nil}
	}
	if s.PID != before.PID && before.PID != 0 {
		a.clean()
	}
	if text := view.AttachedNews(s, before, a.ran); text != "" {
		a.say("%s", text)
	}
	if s.PID != 0 && !a.ran {
		a.ran = true
		close(a.runs)
	}
	return nil
}

// clean undoes what the service has made of the terminal, and ends its line.
func (a *attachment) clean() {
	undo := a.modes.Undo()
	if !a.isShown() {
		return
	}
	_, _ = a.Out.Write(undo)
	if a.within {
		_, _ = io.WriteString(a.Out, a.newline())
	}
	a.within = false
}

// isShown reports whether a terminal shows what the service writes, be it a dumb one.
func (a *attachment) isShown() bool { return term.IsTerminal(int(a.Out.Fd())) }

// say writes a line of lhrun's own.
func (a *attachment) say(format string, args ...any) {
	head := ""
	if a.within && a.isShown() {
		head = string(a.modes.Cut()) + a.newline()
	}
	a.within = false
	fmt.Fprintf(a.Err, "%slhrun: %s%s", head, fmt.Sprintf(format, args...), a.newline())
}

// newline also goes to the beginning of the line, where a raw terminal does not.
func (a *attachment) newline() string {
	if a.raw.Load() != nil {
		return "\r\n"
	}
	return "\n"
}

// restore leaves this terminal as it was.
func (a *attachment) restore() {
	for range 20 { // It may be stuck, and then it can't be written to either.
		if a.mu.TryLock() {
			a.clean()
			a.mu.Unlock()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if raw := a.raw.Load(); raw != nil {
		raw.Restore()
	}
}
