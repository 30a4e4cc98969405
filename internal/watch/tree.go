package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the set of directories that are watched: those in which something can
// match, and those on the way there, so that they are seen to come back.
type tree struct {
	*Watcher
	dirs map[string]bool
	// actual says by its path without links under which name a directory is watched.
	actual map[string]string
	// links are the names under which files are known whose content is elsewhere.
	links map[string][]string
	// checkouts are the directories that were found to be tops of checkouts.
	checkouts map[string]bool
	git       []*ignores
	full      bool
}

func newTree(w *Watcher) *tree {
	t := &tree{
		Watcher: w, dirs: map[string]bool{}, actual: map[string]string{},
		links: map[string][]string{}, checkouts: map[string]bool{},
	}
	for _, start := range t.starts() {
		t.git = append(t.git, ignoresOf(start, w.o.Root))
	}
	return t
}

// starts are the directories from which everything that can match is reached.
func (t *tree) starts() (dirs []string) {
	for _, r := range t.rules {
		for _, p := range r.paths {
			dir := t.o.Root
			if base := p.base(); !within(t.o.Root, base) {
				for dir = filepath.Dir(base); !isDirectory(dir) && dir != filepath.Dir(dir); {
					dir = filepath.Dir(dir)
				}
			}
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// plant watches all that is there.
func (t *tree) plant() {
	for _, start := range t.starts() {
		t.grow(start, func(string) {})
	}
}

// grow watches dir and what is below it, and calls found for each file there.
// A directory is watched before it is read, so that nothing in it is missed.
func (t *tree) grow(dir string, found func(path string)) {
	links := t.walk(dir, actual(dir), found)
	for len(links) > 0 { // True directories come first: they are known by their own names.
		next := links[0]
		links = append(links[1:], t.follow(next, found)...)
	}
}

// walk returns the symbolic links that it has met.
func (t *tree) walk(dir, at string, found func(string)) (links []string) {
	if !t.wanted(dir) || !t.watch(dir, at) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.trouble(fmt.Sprintf("cannot watch %q: %v", t.shown(dir), cause(err)))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			links = append(links, t.walk(path, filepath.Join(at, e.Name()), found)...)
		case e.Type()&fs.ModeSymlink != 0:
			links = append(links, path)
			found(path)
		default:
			found(path)
		}
	}
	return links
}

func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// follow goes on behind a symbolic link: into a directory that is not watched
// under another name, or to a file.
func (t *tree) follow(path string, found func(string)) (links []string) {
	if isDirectory(path) {
		return t.walk(path, actual(path), found)
	}
	t.link(path)
	return nil
}

// link has changes of the file that path leads to count as its own.
func (t *tree) link(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 || !t.wantedFile(path) {
		return
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil || slices.Contains(t.links[target], path) {
		return
	}
	t.links[target] = append(t.links[target], path)
	if dir := filepath.Dir(target); !t.dirs[dir] {
		t.watch(dir, dir)
	}
}

func (t *tree) wantedFile(path string) bool {
	return slices.ContainsFunc(t.rules, func(r *rule) bool { return t.wants(r, path) })
}

// names are path and the links that lead to it.
func (t *tree) names(path string) []string {
	return append([]string{path}, t.links[path]...)
}

// wanted reports whether something in dir can matter.
func (t *tree) wanted(dir string) bool {
	if t.isOwn(dir) || t.ignored(dir, true) {
		return false
	}
	return slices.ContainsFunc(t.rules, func(r *rule) bool {
		for _, p := range r.ignore {
			if p.match(dir) {
				return false
			}
		}
		return slices.ContainsFunc(r.paths, func(p pattern) bool { return p.below(dir) && !t.foreign(p, dir) })
	})
}

// watch reports whether dir is watched now, under this name.
func (t *tree) watch(dir, at string) bool {
	if name, known := t.actual[at]; known && name != dir {
		return false
	}
	if t.full {
		return false
	}
	err := t.source.Add(dir)
	switch {
	case err == nil:
		t.dirs[dir], t.actual[at] = true, dir
		return true
	case errors.Is(err, fs.ErrNotExist): // It has come and gone.
	default:
		text := limit(err, "")
		t.full = text != ""
		if text == "" {
			text = fmt.Sprintf("cannot watch %q: %v", t.shown(dir), cause(err))
		}
		t.trouble(text)
	}
	return false
}

// forget drops a directory that is gone or has another name now.
func (t *tree) forget(path string) {
	if !t.dirs[path] {
		return
	}
	for dir := range t.dirs {
		if within(path, dir) {
			_ = t.source.Remove(dir)
			delete(t.dirs, dir)
		}
	}
	for at, dir := range t.actual {
		if within(path, dir) {
			delete(t.actual, at)
		}
	}
}

// ignored asks the lists of the work tree that path is in.
func (t *tree) ignored(path string, isDir bool) bool {
	if strings.Contains(path+"/", "/.git/") {
		return true
	}
	var best *ignores
	for _, g := range t.git {
		if within(g.top, path) && (best == nil || len(g.top) > len(best.top)) {
			best = g
		}
	}
	return best != nil && best.ignored(path, isDir)
}

// listsChanged: what was ignored may not be any more.
func (t *tree) listsChanged() {
	for _, g := range t.git {
		g.changed()
	}
	t.plant()
}
