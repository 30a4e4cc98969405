package control

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
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
	statuses, seq := l.o.Supervisor.SnapshotAt()
	var live []string
	for _, st := range statuses {
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
	if q.Follow && !q.Until.IsZero() {
		var cancel func()
		ctx, cancel = context.WithDeadline(ctx, q.Until)
		defer cancel()
	}
	cursors, err := r.past(ctx, names)
	if err != nil || !q.Follow || ctx.Err() != nil {
		return err
	}
	return l.follow(ctx, r, cursors, seq)
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

// follow goes on from the cursors, and with services that are new since event seq
// where all are wanted.
func (l *Local) follow(ctx context.Context, r *logReader, cursors map[string]logs.Cursor, seq uint64) error {
	group, ctx := errgroup.WithContext(ctx)
	last := l.o.Supervisor.Done()
	follow := func(name string, from logs.Cursor) {
		group.Go(func() error {
			return guarded(func() error { return r.follow(ctx, last, name, from) })
		})
	}
	for name, from := range cursors {
		follow(name, from)
	}
	if len(r.q.Services) == 0 {
		group.Go(func() error {
			err := l.o.Supervisor.Events(ctx, seq, func(e supervisor.Event) error {
				if _, known := cursors[e.Service]; !known {
					cursors[e.Service] = 0
					follow(e.Service, 0)
				}
				return nil
			})
			if errors.Is(err, supervisor.ErrEnded) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
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
	match func([]byte) bool

	mu   sync.Mutex // each is called by one follower at a time
	each func(LogLine) error
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
		r.match = re.Match
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
		Match: r.match, Last: q.Last, Whole: q.Follow,
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

// follow passes on what one service writes from a place on.
func (r *logReader) follow(ctx context.Context, last <-chan struct{}, service string, from logs.Cursor) error {
	return r.store.FollowUntil(ctx, last, service, from, func(line logs.Line) error {
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
	if !r.q.Since.IsZero() && line.At.Before(r.q.Since) {
		return false
	}
	return r.match == nil || !line.Partial && r.match(line.Text)
}

func (r *logReader) pass(service string, line logs.Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.each(LogLine{
		Service: service, At: line.At.UTC(), Text: string(line.Text), Run: int64(line.Run),
		Partial: line.Partial, Missed: line.Missed, Next: int64(line.Next),
	})
}
