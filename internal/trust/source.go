package trust

import (
	"crypto/tls"
	"io/fs"
	"os"
	"sync"
)

// Source is the authority that is in a directory now: it follows Install and Remove. It
// may be used by many goroutines.
type Source struct {
	dir string

	mu        sync.Mutex
	root      fs.FileInfo
	authority *Authority
}

// NewSource returns the source of the authority in dir, which may be missing.
func NewSource(dir string) *Source { return &Source{dir: dir} }

// Leaf is that of the authority, with the errors of Load.
func (s *Source) Leaf(name string) (*tls.Certificate, error) {
	a, err := s.now()
	if err != nil {
		return nil, err
	}
	return a.Leaf(name)
}

func (s *Source) now() (*Authority, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root, err := os.Lstat(RootFile(s.dir))
	same := err == nil && s.root != nil && os.SameFile(root, s.root) && root.ModTime().Equal(s.root.ModTime())
	if s.authority != nil && same {
		return s.authority, nil
	}
	s.authority, err = Load(s.dir)
	s.root = root
	return s.authority, err
}
