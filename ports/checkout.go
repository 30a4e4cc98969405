package ports

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/git"
)

// Checkout finds the checkout that dir is of project, and remembers it when it
// is new. A linked git worktree is never "main"; of all other directories the
// first one to ask is, until it has vanished, and then the next new one. An
// instance keeps its name for as long as its directory exists, or something of it runs:
// its directory may then get another path.
func (r *Registry) Checkout(project, dir string) (Checkout, error) {
	if project == "" {
		return Checkout{}, errors.New("cannot find a checkout of a project without a name")
	}
	dir, err := realDir(dir)
	if err != nil {
		return Checkout{}, fmt.Errorf("cannot find the checkout of project %q: %w", project, err)
	}
	worktree := linkedWorktree(dir)
	known := func(f *registryFile) (Checkout, bool) {
		e := f.find(project, dir)
		if e == nil || e.Instance == mainInstance && worktree {
			return Checkout{}, false
		}
		return Checkout{project, e.Instance, dir}, true
	}
	f, err := r.store.read()
	if err != nil {
		return Checkout{}, err
	}
	if c, ok := known(f); ok {
		return c, nil
	}
	var c Checkout
	vanished, before := r.vanished(f, dir), r.before(f, project, dir)
	err = r.store.look(func(f *registryFile) (bool, error) {
		var ok bool
		if c, ok = known(f); ok {
			return false, nil
		}
		if e := f.find(project, before); e != nil {
			e.Dir, f.rewrite = dir, true
			c = e.checkout()
			return true, nil
		}
		f.collect(vanished)
		c = f.claim(project, dir, worktree)
		if len(f.Checkouts) == 1 {
			r.restoreInstance(f.Checkouts[0])
			c = f.Checkouts[0].checkout()
		}
		return true, nil
	})
	return c, err
}

// Others returns the checkouts of other projects that dir may have been until now: those
// registered there and those whose directories are gone. There is none where project itself
// runs in dir.
func (r *Registry) Others(project, dir string) ([]Checkout, error) {
	dir, err := realDir(dir)
	if err != nil {
		return nil, err
	}
	f, err := r.store.read()
	if err != nil {
		return nil, err
	}
	known := f.find(project, dir)
	if r.run != nil && known != nil {
		if _, live := r.run(known.checkout()); live {
			return nil, nil
		}
	}
	var others []Checkout
	for _, e := range f.Checkouts {
		if e.Project != project && (e.Dir == dir || gone(e.Dir)) {
			others = append(others, e.checkout())
		}
	}
	return others, nil
}

// restoreInstance gives the first checkout of a registry that may have been lost the
// name by which a run of it holds ports.
func (r *Registry) restoreInstance(e *checkoutEntry) {
	live, _ := r.live()
	for _, who := range live {
		if who.Project == e.Project && who.Dir == e.Dir && who.Instance != "" {
			e.Instance = who.Instance
		}
	}
}

// vanished returns the checkouts whose directories are gone and of which nothing runs,
// the one in keep excepted. Callers look before they take the lock, because looking takes
// its time.
func (r *Registry) vanished(f *registryFile, keep string) (all []Checkout) {
	for _, e := range f.Checkouts {
		if e.Dir != keep && gone(e.Dir) && !r.runs(e) {
			all = append(all, e.checkout())
		}
	}
	return all
}

// runs reports whether something of a checkout runs.
func (r *Registry) runs(e *checkoutEntry) bool {
	if r.run != nil {
		if _, live := r.run(e.checkout()); live {
			return true
		}
	}
	for _, p := range e.Ports {
		if slices.ContainsFunc(p.all(), func(port int) bool {
			who, held := r.locks.holder(port)
			return held && who.Project == e.Project && who.Instance == e.Instance
		}) {
			return true
		}
	}
	return false
}

// before returns the path that dir had when the run began that goes on in it; "" where
// there is none.
func (r *Registry) before(f *registryFile, project, dir string) string {
	id := files.DirID(dir)
	for _, e := range f.Checkouts {
		if r.run == nil || id == "" || e.Project != project || !gone(e.Dir) {
			continue
		}
		if began, live := r.run(e.checkout()); live && began == id {
			return e.Dir
		}
	}
	return ""
}

// claim adds a checkout under an instance name that no other one of the project
// has.
func (f *registryFile) claim(project, dir string, worktree bool) Checkout {
	f.drop(project, dir) // a main checkout that gave way to a worktree
	used := map[string]bool{}
	for _, e := range f.Checkouts {
		if e.Project == project {
			used[e.Instance] = true
		}
	}
	c := Checkout{Project: project, Instance: mainInstance, Dir: dir}
	if worktree || used[mainInstance] {
		c.Instance = instanceName(dir, used)
	}
	f.entry(c)
	return c
}

// instanceName comes from the directory alone, so that it is the same after the
// registry was lost; it grows where two directories would get the same one.
func instanceName(dir string, used map[string]bool) string {
	sum := sha256.Sum256([]byte(dir))
	hash := hex.EncodeToString(sum[:])
	base := slug(filepath.Base(dir))
	n := 4
	for used[base+"-"+hash[:n]] && n < len(hash) {
		n++
	}
	return base + "-" + hash[:n]
}

// longestSlug keeps paths of sockets, which hold instance names, within the 104
// bytes that the shortest system allows.
const longestSlug = 24

// slug makes a name of lower case letters, digits and single dashes.
func slug(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		if ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') {
			b.WriteRune(c)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	out := b.String()
	if len(out) > longestSlug {
		out = out[:longestSlug]
	}
	if out = strings.Trim(out, "-"); out == "" {
		return "checkout"
	}
	return out
}

func realDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q is not a directory", dir)
	}
	return dir, err
}

// gone is careful: a directory that cannot be looked at is still there.
func gone(dir string) bool {
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}

// linkedWorktree reports whether dir is in a linked worktree of git: one whose git
// directory lies below "worktrees" of the repository.
func linkedWorktree(dir string) bool {
	top, found := git.Top(dir)
	if !found {
		return false
	}
	own, common := git.Dirs(top)
	if filepath.Base(filepath.Dir(own)) != "worktrees" {
		return false
	}
	// A submodule may be called worktrees/x; only a worktree shares a directory with
	// others. Where the repository is out of reach the path decides.
	_, err := os.Stat(own)
	return own != common || err != nil
}
