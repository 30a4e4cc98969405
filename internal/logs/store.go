package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/words"
)

// DefaultMaxSize is how much is kept on disk for one service, in bytes.
const DefaultMaxSize = 10 << 20

// minMaxSize leaves each segment room for something.
const minMaxSize = 64 << 10

// StoreOptions bound a store. The zero value is the default.
type StoreOptions struct {
	// MaxSize bounds the files of one service together, in bytes (0:
	// DefaultMaxSize; at least 64 KiB).
	MaxSize int64
	// Note is told, in one line, what was damaged on disk and has been healed.
	Note func(text string)
}

// Store keeps the output of an instance's services in one directory: for each
// service the bytes as they were written, in <service>.log, older ones in
// <service>.<offset>.log, and beside each an index of times and runs.
//
// Any process may read while one writes. Readers hold no lock.
type Store struct {
	dir  string
	opts StoreOptions

	mu   sync.Mutex
	lock *os.File // held once something is to be written
	// found are the files by service when the lock was taken; see Log.listing.
	found map[string][]string
	run   uint32
	logs  map[string]*Log
	// closed says that nothing may be written through this Store any more.
	closed bool
}

// Open returns the store in dir. It writes nothing; the first write makes dir if it is
// missing, for this user only.
func Open(dir string, opts StoreOptions) (*Store, error) {
	if opts.MaxSize == 0 {
		opts.MaxSize = DefaultMaxSize
	}
	opts.MaxSize = max(opts.MaxSize, minMaxSize)
	if opts.Note == nil {
		opts.Note = func(string) {}
	}
	s := &Store{dir: dir, opts: opts, logs: map[string]*Log{}}
	if _, err := files.CheckDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot keep logs: %w", err)
	}
	if runs := s.readRuns(); len(runs) > 0 {
		s.run = runs[len(runs)-1].number
	}
	return s, nil
}

// Log returns the service's log for writing, the same one each time. The first write opens
// its files and heals what a crash has damaged, so that Log does not wait for the disk. A
// disk that fails is no error here: the log tries again while the service writes, and says
// what is missing.
func (s *Store) Log(service string) (*Log, error) {
	if !words.IsName(service) {
		return nil, fmt.Errorf("cannot keep a log of %q: not a service's name", service)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("cannot keep a log of %q: %w", service, os.ErrClosed)
	}
	if l := s.logs[service]; l != nil {
		return l, nil
	}
	if err := s.writable(); err != nil {
		return nil, err
	}
	l := &Log{store: s, service: service, run: s.run, limit: s.opts.MaxSize / segmentCount}
	if s.found != nil {
		l.found = append([]string{}, s.found[service]...)
	}
	s.logs[service] = l
	return l, nil
}

// writable makes this process the directory's one writer.
func (s *Store) writable() error {
	if s.lock != nil {
		return nil
	}
	lock, err := s.takeLock()
	if err != nil {
		return fmt.Errorf("cannot keep logs in %s: %w", s.dir, err)
	}
	s.lock = lock
	names, err := s.names()
	if err != nil {
		return nil // Each log looks for itself.
	}
	s.found = map[string][]string{}
	for _, name := range names {
		service, _, _ := strings.Cut(name, ".")
		s.found[service] = append(s.found[service], name)
	}
	return nil
}

// takeLock takes the lock that the one writer of a directory holds until it ends. A file
// system without locks is used without.
func (s *Store) takeLock() (*os.File, error) {
	path := filepath.Join(s.dir, "lock")
	if err := files.PrivateDir(s.dir); err != nil {
		return nil, err
	}
	if err := s.clearWay(path); err != nil {
		return nil, err
	}
	f, err := files.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if errors.Is(files.TryLock(f), files.ErrLocked) {
		_ = f.Close()
		return nil, errors.New("another lhrun writes there")
	}
	return f, nil
}

// clearWay removes a link, a pipe, an empty directory or the like that has the name of a
// file of the store's: nothing is ever written through it.
func (s *Store) clearWay(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().IsRegular() {
		return nil
	}
	if os.Remove(path) != nil {
		return fmt.Errorf("%s is in the way of a file: remove it", path)
	}
	s.opts.Note(fmt.Sprintf("%s was no file of lhrun's and has been removed", path))
	return nil
}

// Services names those that have a log, sorted.
func (s *Store) Services() ([]string, error) {
	all, err := s.names()
	if err != nil {
		return nil, err
	}
	var services []string
	for _, name := range all {
		service, _, _ := strings.Cut(name, ".")
		if filepath.Ext(name) == ".log" && words.IsName(service) {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	return slices.Compact(services), nil
}

// Close ends all logs and lets another process write.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, l := range s.logs {
		if err := l.close(); err != nil && first == nil {
			first = err
		}
	}
	clear(s.logs)
	s.closed = true
	if s.lock != nil {
		_ = s.lock.Close()
		s.lock = nil
	}
	return first
}
