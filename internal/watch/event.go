package watch

import (
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// event takes one piece of news of a watched directory.
func (w *Watcher) event(e fsnotify.Event) {
	if w.isMark(e) {
		return
	}
	for _, path := range w.tree.names(e.Name) {
		if filepath.Base(path) == ignoreFile {
			w.tree.listsChanged()
		}
		switch {
		case e.Has(fsnotify.Create) && filepath.Base(path) == ".git":
			w.tree.becameCheckout(filepath.Dir(path))
		case e.Has(fsnotify.Create) && isDirectory(path):
			w.tree.grow(path, w.note)
		case e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename):
			w.tree.forget(path)
			w.note(path)
			delete(w.tree.checkouts, path)
		case e.Op == fsnotify.Chmod:
			if w.touched(path) {
				w.note(path)
			}
		default:
			w.touched(path)
			w.tree.link(path)
			w.note(path)
		}
	}
}

// isDirectory follows links.
func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// touched reports whether a file was changed just now, which no event has told
// so far: touch(1) looks like a change of mode or owner, but those leave the time
// alone.
func (w *Watcher) touched(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false
	}
	at := info.ModTime()
	if len(w.times) >= mostTimes {
		clear(w.times)
	}
	news := !w.times[path].Equal(at) && time.Since(at).Abs() < 3*time.Second
	w.times[path] = at
	return news
}

// mostTimes of change are remembered.
const mostTimes = 1000

// note remembers a change for the rules that it concerns.
func (w *Watcher) note(path string) {
	if w.isOwn(path) || isLitter(filepath.Base(path)) {
		return
	}
	for _, r := range w.rules {
		if w.tree.wants(r, path) && !w.tree.ignored(path, false) {
			r.burst.add(w.shown(path), time.Now())
		}
	}
	w.arm()
}

// isLitter knows what editors leave beside the file that they are at.
func isLitter(name string) bool {
	for _, pattern := range []string{"*~", ".*.sw?", ".#*", "#*#", "4913", ".DS_Store", "*___jb_???___", ".goutputstream-*"} {
		if ok, _ := filepath.Match(pattern, name); ok {
			return true
		}
	}
	return false
}
