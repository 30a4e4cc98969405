package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lhrun/lhrun/internal/logs"
)

// Book is a Project whose logs of all runs can be read by page and searched, for a view
// that scrolls.
type Book interface {
	Project
	// Page reads lines around a place, merged by time.
	Page(ctx context.Context, q PageQuery) (Page, error)
	// Find calls each with every line that matches, one service after another, and with
	// how far it has come, until ctx ends, which is no error, or each returns an error,
	// which it returns.
	Find(ctx context.Context, q FindQuery, each func(Found) error) error
}

// maxPage is the most lines of a page.
const maxPage = 1000

// PageQuery asks for a page; no Services is all that have a log.
type PageQuery struct {
	Services []string `json:"services,omitempty"`
	// Place is Begin or End of another page. A service that is not in it is at the end of
	// its log or, without Back, at the beginning.
	Place map[string]int64 `json:"place,omitempty"`
	// Back asks for the lines before Place, else those behind it.
	Back bool `json:"back,omitempty"`
	// Lines is how many are wanted at most, up to 1,000.
	Lines int `json:"lines"`
	// Grep is a regular expression of the lines wanted.
	Grep string `json:"grep,omitempty"`
}

// Page is what a PageQuery gives. A line that has not ended is Partial and behind End.
type Page struct {
	Lines []LogLine        `json:"lines"`
	Begin map[string]int64 `json:"begin"`
	End   map[string]int64 `json:"end"`
	// More says that there are lines before a page with Back, or behind one without.
	More bool `json:"more,omitempty"`
}

// FindQuery asks for all lines that match; no Services is all that have a log.
type FindQuery struct {
	Services []string `json:"services,omitempty"`
	Grep     string   `json:"grep"`
}

// Found is a line that matches, or nil, and how many bytes of how many are searched.
type Found struct {
	Line  *LogLine `json:"line,omitempty"`
	Done  int64    `json:"done"`
	Total int64    `json:"total"`
}

// ReadPage reads a page from the directory of logs of a project that may run or not.
func ReadPage(dir string, q PageQuery) (Page, error) {
	if q.Lines < 1 || q.Lines > maxPage {
		return Page{}, mistake("a page has 1 to %d lines, not %d", maxPage, q.Lines)
	}
	r, err := newLogReader(dir, LogQuery{Services: q.Services, Grep: q.Grep}, nil)
	if err != nil {
		return Page{}, err
	}
	names, err := r.names()
	if err != nil {
		return Page{}, err
	}
	place := map[string]logs.Cursor{}
	for name, at := range q.Place {
		place[name] = logs.Cursor(at)
	}
	found, err := r.store.Page(names, logs.PageQuery{Place: place, Back: q.Back, Lines: q.Lines, Grep: r.grep})
	p := Page{Lines: []LogLine{}, Begin: offsets(found.Begin), End: offsets(found.End), More: found.More}
	for _, l := range found.Lines {
		p.Lines = append(p.Lines, logLine(l.Service, l.Line))
	}
	return p, err
}

func offsets(places map[string]logs.Cursor) map[string]int64 {
	out := map[string]int64{}
	for name, at := range places {
		out[name] = int64(at)
	}
	return out
}

// FindLines searches the directory of logs of a project that may run or not; see Book.
func FindLines(ctx context.Context, dir string, q FindQuery, each func(Found) error) error {
	if q.Grep == "" {
		return mistake("cannot look for nothing")
	}
	r, err := newLogReader(dir, LogQuery{Services: q.Services, Grep: q.Grep}, nil)
	if err != nil {
		return err
	}
	names, err := r.names()
	if err != nil {
		return err
	}
	return r.store.Find(ctx, names, r.grep, func(f logs.Found) error {
		out := Found{Done: f.Done, Total: f.Total}
		if f.Line != nil {
			l := logLine(f.Service, *f.Line)
			out.Line = &l
		}
		return each(out)
	})
}

// names are those that are asked for, or all that have a log.
func (r *logReader) names() ([]string, error) {
	if names := unique(r.q.Services); len(names) > 0 {
		return names, nil
	}
	return r.store.Services()
}

// Page is Book's.
func (l *Local) Page(_ context.Context, q PageQuery) (Page, error) { return ReadPage(l.o.LogDir, q) }

// Find is Book's.
func (l *Local) Find(ctx context.Context, q FindQuery, each func(Found) error) error {
	return FindLines(ctx, l.o.LogDir, q, each)
}

// wirePage is a Page whose lines may be no UTF-8.
type wirePage struct {
	Page
	Lines []wireLine `json:"lines"`
}

// wireFound is a Found whose line may be no UTF-8.
type wireFound struct {
	Found
	Line *wireLine `json:"line,omitempty"`
}

// Page is Book's.
func (c *Client) Page(ctx context.Context, q PageQuery) (Page, error) {
	var w wirePage
	body, err := c.send(ctx, http.MethodPost, pathPage, q)
	if err != nil {
		return w.Page, err
	}
	err = c.read(ctx, body, &w)
	w.Page.Lines = []LogLine{}
	for _, l := range w.Lines {
		w.Page.Lines = append(w.Page.Lines, l.line())
	}
	return w.Page, err
}

// Find is Book's.
func (c *Client) Find(ctx context.Context, q FindQuery, each func(Found) error) error {
	return c.stream(ctx, http.MethodPost, pathFind, q, func(line []byte) error {
		var w wireFound
		if err := json.Unmarshal(line, &w); err != nil {
			return fmt.Errorf("cannot understand the running lhrun: %w", err)
		}
		if w.Line != nil {
			l := w.Line.line()
			w.Found.Line = &l
		}
		return each(w.Found)
	})
}

// book takes one of the places of those who read logs.
func (s *Server) book() (b Book, leave func(), err error) {
	b, ok := s.project.(Book)
	if !ok {
		return nil, nil, mistake("no logs are kept here")
	}
	leave, err = enter(s.readers, "are reading logs")
	return b, leave, err
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	var q PageQuery
	if err := readBody(w, r, &q); err != nil {
		return err
	}
	b, leave, err := s.book()
	if err != nil {
		return err
	}
	defer leave()
	p, err := b.Page(r.Context(), q)
	if err != nil {
		return err
	}
	out := wirePage{Page: p, Lines: []wireLine{}}
	for _, l := range p.Lines {
		out.Lines = append(out.Lines, toWire(l))
	}
	s.answer(w, http.StatusOK, out)
	return nil
}

func (s *Server) find(w http.ResponseWriter, r *http.Request) error {
	var q FindQuery
	if err := readBody(w, r, &q); err != nil {
		return err
	}
	b, leave, err := s.book()
	if err != nil {
		return err
	}
	defer leave()
	return s.stream(w, r, func(ctx context.Context, send func(any) error) error {
		return b.Find(ctx, q, func(f Found) error {
			out := wireFound{Found: f}
			if f.Line != nil {
				l := toWire(*f.Line)
				out.Line = &l
			}
			return send(out)
		})
	})
}
