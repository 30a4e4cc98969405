package front

import (
	"container/list"
	"net"
	"sync"
)

// mostSilent is how many connections may be open that have not said anything yet.
const mostSilent = 256

// silentOnes are those connections, the eldest first. Browsers open some ahead of need.
type silentOnes struct {
	mu   sync.Mutex
	all  list.List
	most int
}

// enter takes c in, and closes the eldest where there are too many: who is silent keeps
// nobody out.
func (s *silentOnes) enter(c net.Conn) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.all.PushBack(c)
	if s.all.Len() > s.most {
		eldest := s.all.Front()
		_ = s.all.Remove(eldest).(net.Conn).Close()
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all.Remove(mine) // Nothing where it has given way.
	}
}
