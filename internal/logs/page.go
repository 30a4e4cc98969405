package logs

import (
	"bytes"
	"fmt"
	"slices"
)

// PageQuery asks for lines of all runs around a place, merged by time.
type PageQuery struct {
	// Place holds the offset in the log of each service; a service that is not in it is
	// at its end or, without Back, at its beginning.
	Place map[string]Cursor
	// Back asks for the lines before Place, else those behind it.
	Back bool
	// Lines is how many are wanted at most.
	Lines int
	// Grep chooses among them; nil takes each.
	Grep *Pattern
}

// Page is what a PageQuery gives.
type Page struct {
	Lines []PageLine
	// Begin and End are the places before and behind Lines, by service.
	Begin, End map[string]Cursor
	// More says that there are lines before a page with Back, or behind one without.
	More bool
}

// PageLine is a line with its service. One that has not ended is Partial, and behind End.
type PageLine struct {
	Service string
	Line
}

// Page reads a page of several services.
func (s *Store) Page(services []string, q PageQuery) (Page, error) {
	p := Page{Begin: map[string]Cursor{}, End: map[string]Cursor{}}
	for _, service := range services {
		h, err := s.history(service)
		if err != nil {
			return p, fmt.Errorf("cannot read the log of %q: %w", service, err)
		}
		at, known := q.Place[service]
		switch {
		case !known && q.Back:
			at = Cursor(h.end())
		case !known:
			at = Cursor(h.start())
		}
		at = Cursor(max(h.start(), min(int64(at), h.end())))
		p.Begin[service], p.End[service] = at, at
		read := h.linesAfter
		if q.Back {
			read = h.linesBefore
		}
		for _, l := range read(int64(at), q) {
			p.Lines = append(p.Lines, PageLine{service, l})
		}
		h.close()
	}
	slices.SortStableFunc(p.Lines, func(a, b PageLine) int { return a.At.Compare(b.At) })
	p.cut(q)
	return p, nil
}

// cut leaves as many lines as are wanted, and moves the places to their ends. Each log has
// given one line more than that, where there are so many.
func (p *Page) cut(q PageQuery) {
	p.More = len(p.Lines) > q.Lines
	switch {
	case p.More && q.Back:
		p.Lines = p.Lines[len(p.Lines)-q.Lines:]
	case p.More:
		p.Lines = p.Lines[:q.Lines]
	}
	for _, l := range p.Lines {
		if !q.Back {
			p.End[l.Service] = l.Next
		}
	}
	for _, l := range slices.Backward(p.Lines) {
		if q.Back {
			p.Begin[l.Service] = l.start
		}
		if l.Partial {
			p.End[l.Service] = l.Next
		}
	}
}

// linesAfter returns one line more than are wanted from at on.
func (h *history) linesAfter(at int64, q PageQuery) (lines []Line) {
	s := newScanner(h, at)
	s.search = search{pattern: q.Grep}
	for len(lines) <= q.Lines {
		t, ok := s.next()
		switch {
		case ok && q.chooses(t):
			lines = append(lines, kept(t))
		case !ok && s.missed() == 0:
			return append(lines, s.unended(q)...)
		}
	}
	return lines
}

// linesBefore returns one line more than are wanted up to at. It reads backwards, in
// windows that double.
func (h *history) linesBefore(at int64, q PageQuery) (lines []Line) {
	for window := int64(chunkSize); ; window *= 2 {
		from := max(h.start(), at-window)
		if lines = h.linesBetween(from, at, q); len(lines) > q.Lines || from == h.start() {
			return lines
		}
	}
}

// linesBetween returns the last lines that begin at from or later and end at until, one
// more than are wanted.
func (h *history) linesBetween(from, until int64, q PageQuery) (lines []Line) {
	s := newScanner(h, from)
	if from > h.start() {
		s = newScanner(h, from-1)
		s.skip() // The end of a line, or of one that begins before.
	}
	s.search = search{pattern: q.Grep}
	for s.at() < until {
		t, ok := s.next()
		switch {
		case ok && t.end > until, !ok && s.missed() == 0:
			if !ok && until == h.end() {
				lines = append(lines, s.unended(q)...)
			}
			return lines[max(0, len(lines)-q.Lines-1):]
		case ok && q.chooses(t):
			if lines = append(lines, kept(t)); len(lines) > 2*q.Lines+1 {
				lines = append(lines[:0], lines[len(lines)-q.Lines-1:]...)
			}
		}
	}
	return lines[max(0, len(lines)-q.Lines-1):]
}

func (q PageQuery) chooses(t text) bool { return q.Grep == nil || q.Grep.Match(t.line) }

// kept is a line that outlives the scanner's buffer.
func kept(t text) Line {
	l := t.asLine()
	l.Text = bytes.Clone(l.Text)
	return l
}

// unended is the line that has not ended yet, where q chooses it.
func (s *scanner) unended(q PageQuery) []Line {
	t, ok := s.rest()
	if !ok || !q.chooses(t) {
		return nil
	}
	l := kept(t)
	l.Partial, l.Next = true, l.start
	return []Line{l}
}
