package traffic

import (
	"context"
	"fmt"
	"slices"
)

const (
	// changesKept is how many changes a follower may be behind.
	changesKept = 1 << 13
	changesCost = changesKept * 8
	// mostFollowers are served at once.
	mostFollowers = 32
)

// changes numbers what happens to entries, for those who follow. A follower has no queue:
// it finds in one ring what has changed since it has looked, so it delays nobody.
type changes struct {
	// ring has the entry of the change n at n modulo its length; made are all ever.
	ring      []uint64
	made      uint64
	followers []*follower
}

type follower struct{ wake chan struct{} }

// touch says that the entry id is new or has changed.
func (s *Store) touch(id uint64) {
	c := &s.changes
	if len(c.followers) == 0 {
		return
	}
	if c.ring == nil {
		c.ring = make([]uint64, changesKept)
	}
	c.ring[c.made%changesKept] = id
	c.made++
	for _, f := range c.followers {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// MissedError says that a follower was too slow and has lost so many changes.
type MissedError struct{ Changes uint64 }

func (e *MissedError) Error() string {
	return fmt.Sprintf("this reader was too slow: %d changes went past it", e.Changes)
}

// follow calls each with the numbers of what has changed, each once though it may have
// changed often, until ctx has ended, each fails, or the follower has been too slow. begun
// is called first, when no change is missed any more.
func (s *Store) follow(ctx context.Context, begun func() error, each func(ids []uint64) error) error {
	f, at, err := s.enlist()
	if err != nil {
		return err
	}
	defer s.dismiss(f)
	if err := begun(); err != nil {
		return err
	}
	var ids []uint64
	for {
		if ids, at, err = s.since(at, ids[:0]); err != nil {
			return err
		}
		if len(ids) > 0 {
			if err := each(ids); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		}
	}
}

// since returns what has changed, in the order of its last change.
func (s *Store) since(at uint64, ids []uint64) ([]uint64, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.changes
	if behind := c.made - at; behind > changesKept {
		return nil, at, &MissedError{behind}
	}
	last := map[uint64]uint64{}
	for n := at; n < c.made; n++ {
		last[c.ring[n%changesKept]] = n
	}
	for id := range last {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uint64) int { return int(int64(last[a]) - int64(last[b])) })
	return ids, c.made, nil
}

func (s *Store) enlist() (*follower, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes.followers) >= mostFollowers {
		return nil, 0, fmt.Errorf("cannot follow: %d others do already; end one of them", mostFollowers)
	}
	f := &follower{make(chan struct{}, 1)}
	s.changes.followers = append(s.changes.followers, f)
	return f, s.changes.made, nil
}

func (s *Store) dismiss(f *follower) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes.followers = slices.DeleteFunc(s.changes.followers, func(other *follower) bool { return other == f })
}
