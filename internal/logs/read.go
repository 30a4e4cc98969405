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
	// Match chooses among them; nil takes each. It may see a line twice.
	Match func(line []byte) bool
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
	var open []*source
	for _, service := range services {
		src, err := s.source(service, q)
		if err != nil {
			return nil, fmt.Errorf("cannot read the log of %q: %w", service, err)
		}
		defer src.h.close()
		if src.advance() {
			open = append(open, src)
		}
		defer func() { cursors[service] = Cursor(src.lines.at()) }()
	}
	for len(open) > 0 {
		first := 0
		for i, src := range open {
			if src.head.rec.at < open[first].head.rec.at {
				first = i
			}
		}
		src := open[first]
		if err := f(src.service, src.head.asLine()); err != nil {
			return cursors, err
		}
		if !src.advance() {
			open = append(open[:first], open[first+1:]...)
		}
	}
	return cursors, nil
}

// source is the answer to a query, line by line.
type source struct {
	service string
	q       Query
	h       *history
	lines   *scanner
	run     uint32
	none    bool // there is no such run
	skip    int
	head    text // the line that advance has taken
}

func (s *Store) source(service string, q Query) (*source, error) {
	h, err := s.history(service)
	if err != nil {
		return nil, err
	}
	src := &source{service: service, q: q, h: h}
	if !q.All {
		run, ok := s.pickRun(q.Run, h.recs)
		src.run, src.none = run, !ok
	}
	src.rewind()
	if q.Last > 0 {
		n := 0
		for src.advance() {
			n++
		}
		src.rewind()
		src.skip = max(0, n-q.Last)
	}
	return src, nil
}

func (t text) asLine() Line {
	return Line{At: t.rec.time(), Run: t.rec.run, Text: t.line, Next: Cursor(t.end)}
}

// rewind goes to the first line that can be wanted.
func (src *source) rewind() {
	for i, r := range src.h.recs {
		if src.wants(r) {
			src.lines = newScanner(src.h, src.h.lineStart(i))
			return
		}
	}
	src.lines = newScanner(src.h, src.h.end())
}

func (src *source) wants(r record) bool {
	q := src.q
	return !src.none && (q.All || r.run == src.run) &&
		(q.Since.IsZero() || r.at >= q.Since.UnixNano()) &&
		(q.Until.IsZero() || r.at <= q.Until.UnixNano())
}

func (src *source) advance() (ok bool) {
	src.head, ok = src.next()
	return ok
}

// next takes the next line that is wanted.
func (src *source) next() (text, bool) {
	for {
		t, ok := src.lines.next()
		if !ok && src.lines.missed() > 0 {
			continue
		}
		if !ok && !src.q.Whole {
			t, ok = src.lines.rest()
		}
		switch {
		case !ok:
			return text{}, false
		case !src.wants(t.rec), src.q.Match != nil && !src.q.Match(t.line):
		case src.skip > 0:
			src.skip--
		default:
			return t, true
		}
	}
}
