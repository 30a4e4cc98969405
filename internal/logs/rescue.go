package logs

import (
	"maps"
	"os"
	"slices"
	"sync"
)

// pipes holds the open pipes that are copied into a log.
type pipes struct {
	// Whoever reads from one of them holds taking until the bytes are on disk.
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

// Rescue stores what is still in the pipes that Streams copy, and shows it to nobody. It
// is for a program that is about to end although a Sink has stalled or the readers are
// behind.
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
