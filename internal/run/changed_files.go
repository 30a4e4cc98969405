package run

import (
	"fmt"
	"github.com/lhrun/lhrun/internal/control"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/files"
)

// stamps tell by path whether a file is as it was: a change of its content changes its
// size or one of its times.
type stamps map[string]string

// stampsOf are those of the files that p was read from.
func stampsOf(p *Project) stamps {
	paths := []string{p.File, filepath.Join(p.Dir, config.LocalFileName)}
	for _, f := range p.EnvFiles {
		paths = append(paths, f.Path)
	}
	for _, svc := range p.Services {
		for _, f := range svc.EnvFiles {
			paths = append(paths, f.Path)
		}
	}
	now := stamps{}
	for _, path := range paths {
		now[path] = "missing"
		if info, err := os.Stat(path); err == nil {
			now[path] = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
		}
	}
	return now
}

// with returns s with what it does not know of now.
func (s stamps) with(now stamps) stamps {
	all := maps.Clone(now)
	maps.Copy(all, s)
	return all
}

// since returns the paths that are not as they were in before.
func (s stamps) since(before stamps) (paths []string) {
	for path, stamp := range s {
		if before[path] != stamp {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// stale names the files that have changed since the run read them, seen from the
// checkout, where that makes a difference to a service. While a reload goes on it is
// what it was.
func (r *reloader) stale() []string {
	if !r.mu.TryLock() {
		if names := r.told.Load(); names != nil {
			return *names
		}
		return nil
	}
	defer r.mu.Unlock()
	if r.dirID != files.DirID(r.now.Dir) {
		return nil // It was renamed, or deleted: nothing is told of its files by their paths.
	}
	looked := stampsOf(r.now)
	if !maps.Equal(looked, r.looked) {
		r.looked = looked
		var names []string
		if r.differs() {
			for _, path := range looked.since(r.stamps) {
				names = append(names, nameIn(r.now.Dir, path))
			}
		}
		r.told.Store(&names)
	}
	if names := r.told.Load(); names != nil {
		return *names
	}
	return nil
}

// differs reports whether a reload would change a service, or fail. Callers hold mu.
func (r *reloader) differs() bool {
	next, err := r.read(control.Request{})
	if err != nil {
		return true
	}
	statuses, _ := r.sup.SnapshotAt()
	return len(config.Diff(r.now.Resolved, next.Resolved, statuses)) > 0
}
