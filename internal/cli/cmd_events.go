package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/journal"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

func newEvents(g *globals) *cobra.Command {
	var follow, asJSON bool
	var since string
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Show what happened to the services, and who asked for it",
		Long: `events shows the journal of this checkout: each change of a service's state,
each exit and each notice, and whoever caused it: a command with its pid, the
watched file that changed, or lhrun itself. It is kept on disk (4 MiB, the
oldest runs go first), across runs and crashes, so it works where nothing runs.

--json prints one object a line:

  {"time","kind","service","state","text","by","cursor"}

kind is state, exit, notice, removed, order, asked (somebody asks for a change),
begin, end and killed (of a run) or missed. by is null or has who: process (with
pid and command), watch (with file) or lhrun.

A cursor is a word that names a moment in the life of this checkout. With
--since events shows what came after it; "lhrun logs --since CURSOR" shows what
services wrote since. Where the journal no longer reaches back so far, the
answer begins with missed. A cursor of another checkout is an error (exit code
2), which names the newest one of this.

With -f events goes on with what comes, in later runs too, until Ctrl-C.`,
		Example: `  lhrun events
  lhrun events -f
  lhrun events --json | jq -r 'select(.kind == "exit") | .service, .text'
  lhrun events --since "$(lhrun events --json | tail -n 1 | jq -r .cursor)"`,
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.events(cmd.Context(), since, follow, asJSON)
		},
	}
	f := cmd.Flags()
	// -f follows here, as with logs; the file keeps its long name.
	f.StringVar(&g.File, "file", "", "read `FILE` instead of lhrun.toml")
	f.BoolVarP(&follow, "follow", "f", false, "go on with what comes")
	f.StringVar(&since, "since", "", "only what came after `CURSOR`")
	addJSON(cmd, &asJSON)
	return cmd
}

// journalOf finds the checkout's journal, and what word means in it; "" is all of it.
func (g *globals) journalOf(word string) (*journal.Journal, journal.Cursor, error) {
	var c journal.Cursor
	p, err := g.Find()
	if err != nil {
		return nil, c, err
	}
	g.ClearUp(p.Checkout)
	i, err := run.InstanceOf(p.Checkout)
	if err != nil {
		return nil, c, err
	}
	j := i.Journal()
	if word != "" {
		if c, err = j.Parse(word); err != nil {
			return nil, c, exitError{exitUsage, err}
		}
	}
	return j, c, nil
}

func (g *globals) events(ctx context.Context, since string, follow, asJSON bool) error {
	j, from, err := g.journalOf(since)
	if err != nil {
		return err
	}
	ctx, stop := g.untilInterrupted(ctx)
	defer stop()
	out := &eventWriter{journal: j, out: bufio.NewWriterSize(g.Out, 64<<10), json: asJSON, last: from}
	out.facts = json.NewEncoder(out.out)
	out.facts.SetEscapeHTML(false)
	out.lines = view.Events{Sheet: g.Sheet(g.Out), Out: out.out}
	g.printed = g.printed || asJSON // From here on objects may be.
	err = j.Read(from, out.missed, out.entry)
	if err = errors.Join(err, out.out.Flush()); err == nil && follow {
		err = j.Follow(ctx, out.last, func(e journal.Entry) error { return errors.Join(out.entry(e), out.out.Flush()) })
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		return nil // Whoever read has seen enough.
	case err == nil && ctx.Err() != nil:
		return signalError{endOf(ctx), nil}
	case err == nil && out.last == (journal.Cursor{}) && !asJSON:
		fmt.Fprintln(g.Err, "lhrun: nothing has happened here yet")
	}
	return err
}

// eventWriter writes entries for people or programs.
type eventWriter struct {
	journal *journal.Journal
	out     *bufio.Writer
	json    bool
	lines   view.Events
	facts   *json.Encoder
	// last is the place behind the last entry.
	last journal.Cursor
}

func (w *eventWriter) entry(e journal.Entry) error {
	w.last = e.Cursor()
	if !w.json {
		return w.lines.Line(e)
	}
	return w.facts.Encode(view.EventFact{
		Time: control.Time{Time: e.Time}, Kind: e.Kind, Service: e.Service, State: e.State,
		Text: e.Text, By: e.By, Cursor: w.journal.Word(w.last),
	})
}

func (w *eventWriter) missed() error {
	if !w.json {
		_, err := fmt.Fprintln(w.out, view.Missed)
		return err
	}
	return w.facts.Encode(view.EventFact{
		Time: control.Time{Time: time.Now()}, Kind: journal.Missed, Text: view.Missed, Cursor: w.journal.Word(w.last),
	})
}
