package logs

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/words"
)

const (
	// The log of a service that is gone is removed when both staleRuns runs have begun and
	// staleAfter has passed since its last line.
	staleRuns  = 20
	staleAfter = 7 * 24 * time.Hour
	// mostStale bounds, in bytes, all logs of services that are gone.
	mostStale = 100 << 20
)

// Stale is the log of a service that is gone.
type Stale struct {
	Service string
	// Bytes is what it takes on disk, Written when it was last written to.
	Bytes   int64
	Written time.Time

	paths []string
	// due says that Prune removes it.
	due bool
}

// Stale returns the logs of services that are not among present, the youngest first.
func (s *Store) Stale(present []string) ([]Stale, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	found := map[string]*Stale{}
	for _, name := range names {
		service, _, _ := strings.Cut(name, ".")
		ours := words.IsName(service) && (isLogFile(name, service, ".log") || isLogFile(name, service, ".idx"))
		if !ours || service == Self || slices.Contains(present, service) {
			continue
		}
		if found[service] == nil {
			found[service] = &Stale{Service: service}
		}
		found[service].add(filepath.Join(s.dir, name))
	}
	var stale []Stale
	for _, f := range found {
		stale = append(stale, *f)
	}
	slices.SortFunc(stale, func(a, b Stale) int {
		return cmp.Or(b.Written.Compare(a.Written), strings.Compare(a.Service, b.Service))
	})
	s.judge(stale)
	return stale, nil
}

// isLogFile reports whether the store writes a file of that name for service.
func isLogFile(name, service, ext string) bool {
	base, ok := strings.CutSuffix(name, ext)
	if !ok {
		return false
	}
	_, aside := nameBase(base, service)
	return base == service || aside
}

func (f *Stale) add(path string) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	f.paths = append(f.paths, path)
	f.Bytes += info.Size()
	if info.ModTime().After(f.Written) {
		f.Written = info.ModTime()
	}
}

// judge sets due, of logs from the youngest to the oldest.
func (s *Store) judge(stale []Stale) {
	oldest := time.Now().Add(-staleAfter)
	runs := s.Runs()
	if n := len(runs) - staleRuns; n < 0 {
		oldest = time.Time{}
	} else if runs[n].Before(oldest) {
		oldest = runs[n]
	}
	total := int64(0)
	for i := range stale {
		total += stale[i].Bytes
		stale[i].due = stale[i].Written.Before(oldest) || total > mostStale
	}
}

// Prune removes logs of services that are not among present: those that got no line for
// long, and the oldest beyond mostStale bytes. It returns what it has removed. It fails
// while another process writes to the directory.
func (s *Store) Prune(present []string) (removed []Stale, err error) {
	stale, err := s.Stale(present)
	stale = slices.DeleteFunc(stale, func(f Stale) bool { return !f.due })
	if len(stale) == 0 || err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(); err != nil {
		return nil, err
	}
	for _, f := range stale {
		if s.logs[f.Service] != nil {
			continue
		}
		for _, path := range f.paths {
			if e := os.Remove(path); e != nil && err == nil {
				err = e
			}
		}
		removed = append(removed, f)
	}
	return removed, err
}
