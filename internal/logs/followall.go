package logs

import (
	"context"
	"slices"
	"time"
)

// discoverEvery is how often FollowAll looks for new logs.
const discoverEvery = 500 * time.Millisecond

// pollFast and pollSlow bound the pause between two looks at the files: the writer, which
// may be another process, notifies nobody.
const (
	pollFast = 20 * time.Millisecond
	pollSlow = 200 * time.Millisecond
)

// FollowAll calls f with each line of several services, also with those to come, until
// ctx ends or f returns an error, which FollowAll returns; the end of ctx is no error.
// It reads from disk and never slows the writer: a cursor that the log's bound has
// overtaken is told so.
//
// from says where to begin with each service; 0 is the oldest line kept. Lines that are
// ready come in order of time. With others, FollowAll also follows services that are not in
// from, from the beginning of their logs, once they have one.
func (s *Store) FollowAll(ctx context.Context, from map[string]Cursor, others bool, f func(service string, l Line) error) error {
	return s.FollowAllUntil(ctx, nil, from, others, f)
}

// FollowAllUntil is FollowAll that also ends, without an error, with the last lines
// that were written before last closed.
func (s *Store) FollowAllUntil(ctx context.Context, last <-chan struct{}, from map[string]Cursor, others bool, f func(service string, l Line) error) error {
	m := &merger{store: s, others: others, f: f, last: last}
	defer m.close()
	for service, cursor := range from {
		m.inputs = append(m.inputs, &input{follower: newFollower(s, service, cursor)})
	}
	for ctx.Err() == nil {
		final := isClosed(last)
		if final {
			m.listed = time.Time{} // A log may be younger than the last list.
		}
		if err := m.look(); err != nil {
			return err
		}
		if !m.ready() && final {
			return m.finish()
		}
		if !m.ready() {
			m.wait(ctx)
		}
		for m.ready() && ctx.Err() == nil {
			if err := m.emit(); err != nil {
				return err
			}
		}
	}
	return nil
}

// input is one of the logs that a merger merges.
type input struct {
	*follower
	head Line
	ok   bool // head is a line that was not emitted
}

func (in *input) take() { in.head, in.ok = in.next() }

// merger is the state of one FollowAll.
type merger struct {
	store  *Store
	others bool
	f      func(service string, l Line) error
	inputs []*input
	// last closes when nothing more will be written.
	last   <-chan struct{}
	listed time.Time
	pause  time.Duration
}

func (m *merger) close() {
	for _, in := range m.inputs {
		in.close()
	}
}

// look takes the next line of each log. Callers have emitted those of the last look.
func (m *merger) look() error {
	m.discover()
	for _, in := range m.inputs {
		if err := in.look(); err != nil {
			return err
		}
		in.take()
	}
	return nil
}

func (m *merger) discover() {
	if !m.others || time.Since(m.listed) < discoverEvery {
		return
	}
	m.listed = time.Now()
	names, _ := m.store.Services() // After an error the next look tries again.
	for _, name := range names {
		known := func(in *input) bool { return in.service == name }
		if !slices.ContainsFunc(m.inputs, known) {
			m.inputs = append(m.inputs, &input{follower: newFollower(m.store, name, 0)})
		}
	}
}

func (m *merger) ready() bool {
	return slices.ContainsFunc(m.inputs, func(in *input) bool { return in.ok })
}

// emit passes on the oldest line that is ready.
func (m *merger) emit() error {
	var first *input
	hands := 0
	for _, in := range m.inputs {
		if !in.ok {
			continue
		}
		hands++
		if first == nil || in.head.At.Before(first.head.At) {
			first = in
		}
	}
	line := first.head
	line.More = line.More || hands > 1
	if err := m.f(first.service, line); err != nil {
		return err
	}
	first.take()
	m.pause = 0
	return nil
}

// wait returns when it is time to look again.
func (m *merger) wait(ctx context.Context) {
	m.pause = min(max(2*m.pause, pollFast), pollSlow)
	timer := time.NewTimer(m.pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-m.last:
	case <-timer.C:
	}
}

// finish passes on last lines without a newline.
func (m *merger) finish() error {
	for _, in := range m.inputs {
		if err := in.finish(func(l Line) error { return m.f(in.service, l) }); err != nil {
			return err
		}
	}
	return nil
}
