package logs

import (
	"maps"
	"os"
	"slices"
	"sync"
)

// sources are the pipes that are copied into a log.
type sources struct {
	// taking is held by who takes from one of them until what was taken is kept.
	taking sync.Mutex

	mu   sync.Mutex
	open []*os.File
}

func (s *sources) add(r *os.File) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, r)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open = slices.DeleteFunc(s.open, func(f *os.File) bool { return f == r })
	}
}

func (s *sources) list() []*os.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open)
}

// Rescue keeps what is still in the pipes that Streams copy, without showing it to
// anybody: for a program that is about to end, though a Sink has stalled or the
// readers were too slow.
func (s *Store) Rescue() {
	s.mu.Lock()
	logs := slices.Collect(maps.Values(s.logs))
	s.mu.Unlock()
	for _, l := range logs {
		for _, r := range l.sources.list() {
			l.rescue(r)
		}
	}
}
