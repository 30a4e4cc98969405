package logs

import (
	"context"
	"fmt"
)

// Found is a line that matches, with its service, or how far a search has come.
type Found struct {
	Service string
	// Line is nil where only Done is news. Its text is valid during the call only.
	Line *Line
	// Done of Total bytes are searched.
	Done, Total int64
}

// toldEvery is after how many bytes a search tells how far it has come.
const toldEvery = 4 << 20

// Find calls each with every line of services that matches p, one service after another,
// and from time to time with how far it has come, until ctx ends, which is no error, or
// each returns an error, which it returns. It ends in the middle of a log, too.
func (s *Store) Find(ctx context.Context, services []string, p *Pattern, each func(Found) error) error {
	var histories []*history
	defer func() {
		for _, h := range histories {
			h.close()
		}
	}()
	var total, done int64
	for _, service := range services {
		h, err := s.history(service)
		if err != nil {
			return fmt.Errorf("cannot read the log of %q: %w", service, err)
		}
		histories = append(histories, h)
		total += h.end() - h.start()
	}
	for i, h := range histories {
		begin, told := h.start()-done, h.start()
		lines := newScanner(h, h.start())
		lines.search = search{pattern: p}
		var failed error
		lines.filled = func(at int64) bool {
			if ctx.Err() == nil && at-told >= toldEvery {
				told = at
				failed = each(Found{Service: services[i], Done: at - begin, Total: total})
			}
			return failed == nil && ctx.Err() == nil
		}
		err := lines.matches(p, func(l Line) error {
			return each(Found{Service: services[i], Line: &l, Done: int64(l.Next) - begin, Total: total})
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case failed != nil:
			return failed
		case err != nil:
			return err
		}
		done += h.end() - h.start()
		if err := each(Found{Service: services[i], Done: done, Total: total}); err != nil {
			return err
		}
	}
	return nil
}

// matches calls f with each line that matches, the last one too where it has no end.
func (s *scanner) matches(p *Pattern, f func(Line) error) error {
	for {
		t, ok := s.next()
		if !ok && s.missed() > 0 {
			continue
		}
		last := !ok
		if last {
			t, ok = s.rest()
		}
		if ok && p.Match(t.line) {
			if err := f(t.asLine()); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}
