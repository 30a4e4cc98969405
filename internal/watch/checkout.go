package watch

import (
	"path/filepath"

	"github.com/lhrun/lhrun/internal/git"
)

// foreign reports whether path is in a checkout of its own below the base of p: a
// clone, worktree or submodule inside the project, which only a pattern that names it
// reaches.
func (t *tree) foreign(p pattern, path string) bool {
	base := p.base()
	for dir := path; dir != base && within(base, dir); dir = filepath.Dir(dir) {
		if t.isCheckout(dir) && !within(dir, t.o.Root) {
			return true
		}
	}
	return false
}

// isCheckout remembers that dir was one, for the events of its end.
func (t *tree) isCheckout(dir string) bool {
	if t.checkouts[dir] {
		return true
	}
	if !git.IsTop(dir) {
		return false
	}
	t.checkouts[dir] = true
	return true
}

// becameCheckout stops watching dir unless a pattern names it.
func (t *tree) becameCheckout(dir string) {
	if !t.wanted(dir) {
		t.forget(dir)
	}
}

// wants reports whether a change of the file at path concerns r.
func (t *tree) wants(r *rule, path string) bool {
	for _, p := range r.ignore {
		if p.match(path) {
			return false
		}
	}
	for _, p := range r.paths {
		if p.match(path) && !t.foreign(p, path) {
			return true
		}
	}
	return false
}
