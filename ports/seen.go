package ports

import (
	"bytes"
	"sync"
	"weak"
)

// seen remembers the registry that was read last, because a verb reads it several times
// and with a thousand ports that costs more than all else it does. What is remembered may
// be collected: a run reads seldom and lives long.
type seen struct {
	mu   sync.Mutex
	last weak.Pointer[registryFile]
}

// parse is parseRegistry for readers that change nothing.
func (s *seen) parse(data []byte) (*registryFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.last.Value(); last != nil && bytes.Equal(last.source, data) {
		return last, nil
	}
	f, err := parseRegistry(data)
	if err == nil {
		f.source = data
		s.last = weak.Make(f)
	}
	return f, err
}
