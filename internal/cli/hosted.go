package cli

import (
	"context"
	"errors"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// hosted is a run of this process, and what tells of it.
type hosted struct {
	*run.Session
	*follower
	screen   view.Screen
	reporter *view.Reporter
}

// openHosted opens a session and gives it the screen that open makes.
func (g *globals) openHosted(o run.Options, guard *proc.GuardedSide, open func(*run.Session) (view.Screen, error)) (*hosted, error) {
	h := &hosted{}
	var err error
	o.Locate, o.Guard, o.Version = g.Locate, guard.Guard(), readBuild().Version
	o.Exit, o.Reloaded = g.exit, h.reloaded
	h.Session, err = run.Open(o)
	if err != nil {
		return nil, err
	}
	if h.screen, err = open(h.Session); err != nil {
		_ = h.Close()
		return nil, err
	}
	h.reporter = view.NewReporter(saidBy{h.screen, h.Session}, h.Wanted())
	if err := h.Prepare(h.screen); err != nil {
		return nil, err
	}
	now, err := h.Control().Snapshot(context.Background(), false)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.follower = newFollower(h.Control(), control.NewMirror(now), h.Wanted(), h.reporter)
	h.changed = true
	return h, nil
}

func (h *hosted) reloaded(a control.Answer) {
	for _, op := range a.Operations {
		h.reporter.Say("reload: %s", view.Operation{Operation: op})
	}
}

// saidBy is a screen on which the session says everything, so that it keeps it.
type saidBy struct {
	view.Screen
	session *run.Session
}

func (s saidBy) Say(level hclog.Level, text string) { s.session.Say(level, text) }

func (s saidBy) Quote(service string, lines []string, behind int) {
	s.Screen.Quote(service, lines, behind)
	for _, line := range lines {
		s.session.Keep("  " + service + ": " + line)
	}
}
