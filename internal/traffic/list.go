package traffic

import (
	"context"
	"slices"
	"time"
)

// List calls each with the rows of the exchanges that q chooses, oldest first, masked.
func (s *Store) List(ctx context.Context, q Query, each func(Row) error) error {
	f, err := q.filter()
	if err != nil {
		return err
	}
	from, to := s.bounds()
	if q.NewOnly {
		return nil
	}
	if q.Last > 0 {
		return s.listLast(ctx, f, from, to, each)
	}
	for id := max(from, q.First); id < to && ctx.Err() == nil; id++ {
		if row, ok := s.choose(f, id); ok {
			if err := each(row); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (s *Store) listLast(ctx context.Context, f *filter, from, to uint64, each func(Row) error) error {
	var rows []Row
	for id := to; id > max(from, f.q.First) && len(rows) < f.q.Last && ctx.Err() == nil; {
		id--
		if row, ok := s.choose(f, id); ok {
			rows = append(rows, row)
		}
	}
	for _, row := range slices.Backward(rows) {
		if err := each(row); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// choose returns the row of an entry if it is there and fits.
func (s *Store) choose(f *filter, id uint64) (Row, bool) {
	g, ok := s.glance(id)
	if !ok || !f.glances(id, g) {
		return Row{}, false
	}
	e, ok := s.get(id, f.deep())
	if !ok {
		return Row{}, false
	}
	masked := s.masking().Entry(e)
	if !f.fits(&masked, time.Now()) {
		return Row{}, false
	}
	if f.q.Reveal {
		return e.row(), true
	}
	return masked.row(), true
}

func (s *Store) masking() Mask {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mask
}

// Follow is List that goes on with what is new and what has changed, until ctx has ended.
// A call that changes again and again comes again and again. A reader that is too slow
// gets a MissedError.
func (s *Store) Follow(ctx context.Context, q Query, each func(Row) error) error {
	f, err := q.filter()
	if err != nil {
		return err
	}
	past := func() error { return s.List(ctx, q, each) }
	return s.follow(ctx, past, func(ids []uint64) error {
		for _, id := range ids {
			if row, ok := s.choose(f, id); ok {
				if err := each(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
