package control

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
)

// Logs reads the services' output from the directory where it is kept, of a
// project that may run or not; see Project.Logs. It never follows.
func Logs(ctx context.Context, dir string, q LogQuery, each func(LogLine) error) error {
	q.Follow = false
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return q.check()
	}
	r, err := newLogReader(dir, q, each)
	if err != nil {
		return err
	}
	names := unique(q.Services)
	if len(names) == 0 {
		if names, err = r.store.Services(); err != nil {
			return err
		}
	}
	_, err = r.past(ctx, names)
	return err
}

// Logs is Project's.
func (l *Local) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	if l.o.LogDir == "" {
		return mistake("this run keeps no logs")
	}
	r, err := newLogReader(l.o.LogDir, q, each)
	if err != nil {
		return err
	}
	var live []string
	for _, st := range l.o.Supervisor.Snapshot() {
		live = append(live, st.Name)
	}
	kept, err := r.store.Services()
	if err != nil {
		return err
	}
	known := unique(slices.Concat(live, kept))
	names := unique(q.Services)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return mistake("there is no service %q", name)
		}
	}
	if len(names) == 0 {
		names = known
	}
	cursors, err := r.past(ctx, names)
	if err != nil || !q.Follow {
		return err
	}
	if !q.Since.After(time.Now()) {
		r.q.Since = time.Time{} // What comes is younger, even by a clock that is set back.
	}
	if !q.Until.IsZero() {
		var cancel func()
		ctx, cancel = context.WithDeadline(ctx, q.Until)
		defer cancel()
	}
	return r.follow(ctx, l.o.Supervisor.Done(), cursors)
}

func unique(names []string) []string {
	var once []string
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// check refuses what makes no sense.
func (q LogQuery) check() error {
	_, err := q.pattern()
	switch {
	case err != nil:
		return err
	case q.Last < 0:
		return mistake("cannot show the last %d lines", q.Last)
	case q.Run > 0:
		return mistake("there is no run %d: 0 is the current one, -1 the one before", q.Run)
	case q.Run < 0 && q.AllRuns:
		return mistake("one run or all of them, not both")
	case q.Run < 0 && q.Follow:
		return mistake("cannot follow run %d: it is over", q.Run)
	case len(q.After) > 0 && !q.Follow:
		return mistake("after goes with follow")
	}
	return nil
}

// pattern is nil where no Grep is asked for.
func (q LogQuery) pattern() (*regexp.Regexp, error) {
	if q.Grep == "" {
		return nil, nil
	}
	if len(q.Grep) > maxPattern {
		return nil, mistake("cannot look for a pattern of more than %d bytes", maxPattern)
	}
	re, err := regexp.Compile(q.Grep)
	if err != nil {
		return nil, mistake("cannot look for %q: %v", q.Grep, err)
	}
	return re, nil
}

// logReader answers one query.
type logReader struct {
	store *logs.Store
	q     LogQuery
	grep  *logs.Pattern
	each  func(LogLine) error
}

func newLogReader(dir string, q LogQuery, each func(LogLine) error) (*logReader, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	store, err := logs.Open(dir, logs.StoreOptions{})
	if err != nil {
		return nil, err
	}
	r := &logReader{store: store, q: q, each: each}
	if re, _ := q.pattern(); re != nil {
		r.grep = logs.NewPattern(re)
	}
	return r, nil
}

// past passes on what is there, and returns where to go on.
func (r *logReader) past(ctx context.Context, names []string) (map[string]logs.Cursor, error) {
	q := r.q
	after := make(map[string]logs.Cursor)
	var unread []string
	for _, name := range names {
		if at, known := q.After[name]; known {
			after[name] = logs.Cursor(max(0, at))
			continue
		}
		unread = append(unread, name)
	}
	cursors, err := r.store.Merge(unread, logs.Query{
		Since: q.Since, Until: q.Until, Run: q.Run, All: q.AllRuns,
		Grep: r.grep, Last: q.Last, Whole: q.Follow,
	}, func(service string, line logs.Line) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return r.pass(service, line)
	})
	if ctx.Err() != nil {
		return nil, nil
	}
	for name, at := range after {
		cursors[name] = at
	}
	return cursors, err
}

// follow passes on what is written from the cursors on, by new services too where
// all are wanted, up to the last line before last closed.
func (r *logReader) follow(ctx context.Context, last <-chan struct{}, cursors map[string]logs.Cursor) error {
	all := len(r.q.Services) == 0
	return r.store.FollowAllUntil(ctx, last, cursors, all, func(service string, line logs.Line) error {
		if r.wants(line) {
			return r.pass(service, line)
		}
		return nil
	})
}

func (r *logReader) wants(line logs.Line) bool {
	if line.Missed > 0 {
		return true
	}
	if line.At.Before(r.q.Since) || !r.q.Until.IsZero() && line.At.After(r.q.Until) {
		return false
	}
	return r.grep == nil || !line.Partial && r.grep.Match(line.Text)
}

func (r *logReader) pass(service string, line logs.Line) error {
	return r.each(logLine(service, line))
}

func logLine(service string, line logs.Line) LogLine {
	return LogLine{
		Service: service, At: line.At.UTC(), Text: string(line.Text), Run: int64(line.Run),
		Partial: line.Partial, Missed: line.Missed, Next: int64(line.Next),
	}
}
