package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/logs"
)

// pruneLogs removes what is kept for too long of services that are no longer in the
// file. It comes last, as nobody waits for it then; it may fail, and the next run tries
// again.
func (s *Session) pruneLogs() {
	store, err := logs.Open(s.instance.LogDir(), logs.StoreOptions{MaxSize: s.MaxLogSize})
	if err != nil {
		return
	}
	var present []string
	for _, st := range s.sup.Snapshot() {
		present = append(present, st.Name)
	}
	_, _ = store.Prune(present)
	_ = store.Close()
}

// StaleLogs returns the logs that the project keeps of services that are no longer in
// its file.
func (p *Project) StaleLogs() ([]logs.Stale, error) {
	if ever, err := exists(p.Checkout); err != nil || !ever {
		return nil, err
	}
	i, err := InstanceOf(p.Checkout)
	if err != nil {
		return nil, err
	}
	store, err := logs.Open(i.LogDir(), logs.StoreOptions{})
	if err != nil {
		return nil, err
	}
	return store.Stale(p.Order())
}

// Gone is what lhrun keeps of a checkout whose directory is gone.
type Gone struct {
	// Dir was the checkout's directory, State is where lhrun keeps Bytes of it.
	Dir, State string
	Bytes      int64
}

// ListGone returns what is kept of checkouts that are gone and in which nothing runs.
// A disk that is not mounted looks like one, so nothing is removed for it.
func ListGone() []Gone {
	projects, err := files.ProjectsDir()
	if err != nil {
		return nil
	}
	var gone []Gone
	found, _ := fs.Glob(os.DirFS(projects), "*/*")
	for _, name := range found {
		i := &Instance{dir: filepath.Join(projects, filepath.FromSlash(name))}
		last, err := i.Last()
		if err != nil || last.Dir == "" {
			continue
		}
		if _, err := os.Lstat(last.Dir); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, err := i.record(); err == nil {
			continue // It runs, or was killed.
		}
		gone = append(gone, Gone{Dir: last.Dir, State: i.dir, Bytes: sizeOf(i.dir)})
	}
	return gone
}

// sizeOf returns how many bytes the files under dir hold.
func sizeOf(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}
