package logs

import (
	"fmt"
	"time"
)

// Query says which lines are wanted. The zero value is all lines of the current
// run, or of the last one when none goes on.
type Query struct {
	// Since and Until bound the time of a line; zero is no bound.
	Since, Until time.Time
	// Run is 0 for the current run, -1 for the one before it and so on.
	Run int
	// All takes the lines of all runs.
	All bool
	// Grep chooses among them; nil takes each.
	Grep *Pattern
	// Before and After are how many lines around each one that Grep chooses are wanted
	// too, of the same service.
	Before, After int
	// Last, if positive, is how many of the lines chosen are wanted: the last.
	Last int
	// Whole leaves out a last line that has not ended, for whoever goes on with
	// FollowAll from the cursor.
	Whole bool
}

// Merge calls f with the lines that q asks for of several services, by time, each
// service's in its order, until f returns an error, which Merge returns. q.Last counts
// for each service. Lines over 64 KiB come in pieces; their text is f's during the call
// only. The cursors, by service, are where to go on with FollowAll.
func (s *Store) Merge(services []string, q Query, f func(service string, l Line) error) (map[string]Cursor, error) {
	cursors := map[string]Cursor{}
	var open []*reader
	for _, service := range services {
		r, err := s.reader(service, q)
		if err != nil {
			return nil, fmt.Errorf("cannot read the log of %q: %w", service, err)
		}
		defer r.h.close()
		if r.advance() {
			open = append(open, r)
		}
		defer func() { cursors[service] = Cursor(r.lines.at()) }()
	}
	for len(open) > 0 {
		first := 0
		for i, r := range open {
			if r.head.At.Before(open[first].head.At) {
				first = i
			}
		}
		r := open[first]
		if err := f(r.service, r.head); err != nil {
			return cursors, err
		}
		if !r.advance() {
			open = append(open[:first], open[first+1:]...)
		}
	}
	return cursors, nil
}

// reader gives the answer to a query about one service, line by line.
type reader struct {
	service string
	q       Query
	h       *history
	lines   *scanner
	run     uint32
	none    bool // The run that q asks for does not exist.
	choice  *Choice
	// queue holds lines that are due; head is the one that advance has taken.
	queue []Line
	head  Line
}

func (s *Store) reader(service string, q Query) (*reader, error) {
	h, err := s.history(service)
	if err != nil {
		return nil, err
	}
	r := &reader{service: service, q: q, h: h}
	if !q.All {
		run, ok := s.pickRun(q.Run, h.recs)
		r.run, r.none = run, !ok
	}
	r.begin(r.first(), q)
	if q.Last > 0 {
		r.begin(r.lastBegin(), q)
	}
	return r, nil
}

// first returns where the first line that q may want begins.
func (r *reader) first() int64 {
	for i, rec := range r.h.recs {
		if r.wants(rec) {
			return r.h.lineStart(i)
		}
	}
	return r.h.end()
}

func (r *reader) wants(rec record) bool {
	q := r.q
	return !r.none && (q.All || rec.run == r.run) &&
		(q.Since.IsZero() || rec.at >= q.Since.UnixNano()) &&
		(q.Until.IsZero() || rec.at <= q.Until.UnixNano())
}

// begin starts reading for q at an offset.
func (r *reader) begin(from int64, q Query) {
	r.lines = newScanner(r.h, from)
	r.lines.search = search{pattern: q.Grep, keep: q.Before}
	r.choice, r.queue = NewChoice(q), nil
}

// lastBegin reads to the end, and returns where the last q.Last lines begin.
func (r *reader) lastBegin() int64 {
	q := r.q
	q.After = 0 // Lines after a match that is too early are lines before the next one.
	r.begin(r.lines.at(), q)
	var begins []Cursor
	for r.fill() {
		if begins = append(begins, r.queue[0].start); len(begins) > r.q.Last {
			begins = begins[1:]
		}
	}
	if len(begins) == 0 {
		return r.h.end()
	}
	return int64(begins[0])
}

func (r *reader) advance() bool {
	if len(r.queue) == 0 && !r.fill() {
		return false
	}
	r.head, r.queue = r.queue[0], r.queue[1:]
	return true
}

// fill fills queue, and reports whether there was anything left.
func (r *reader) fill() bool {
	for {
		t, ok := r.take()
		if !ok {
			return false
		}
		if r.queue = r.choice.Take(t.asLine()); len(r.queue) > 0 {
			r.lines.search.paused = r.choice.after > 0
			return true
		}
	}
}

// take returns the next line within the bounds of q, whether it matches or not.
func (r *reader) take() (text, bool) {
	for {
		t, ok := r.lines.next()
		if !ok && r.lines.missed() > 0 {
			continue
		}
		if !ok && !r.q.Whole {
			t, ok = r.lines.rest()
		}
		if !ok || r.wants(t.rec) {
			return t, ok
		}
	}
}
