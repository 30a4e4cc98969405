package logs

import (
	"maps"
	"os"
	"slices"
	"sync"
)

// pipes are the open pipes that are copied into a log.
type pipes struct {
	// taking is held by who takes from one of them until what was taken is kept.
	taking sync.Mutex

	mu   sync.Mutex
	open []*os.File
}

func (p *pipes) add(r *os.File) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, r)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open = slices.DeleteFunc(p.open, func(f *os.File) bool { return f == r })
	}
}

func (p *pipes) list() []*os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.open)
}

// Rescue keeps what is still in the pipes that Streams copy, without showing it to
// anybody: for a program that is about to end, though a Sink has stalled or the
// readers were too slow.
func (s *Store) Rescue() {
	s.mu.Lock()
	logs := slices.Collect(maps.Values(s.logs))
	s.mu.Unlock()
	for _, l := range logs {
		for _, r := range l.pipes.list() {
			l.rescue(r)
		}
	}
}
