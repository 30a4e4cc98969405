// Package watch tells which files of a project change. It follows directories as
// they come and go, and leaves out what git ignores.
package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Rule says which files matter to somebody.
type Rule struct {
	// Name is whose rule it is.
	Name string
	// Paths are doublestar patterns seen from Options.Root. One that matches a
	// directory stands for all that is in it.
	Paths []string
	// Ignore are patterns of what does not count. One without a slash is a name,
	// at any depth.
	Ignore []string
	// Debounce is how long nothing may change before a change is told (0: 100ms).
	Debounce time.Duration
}

// Change is a burst of changes, told once.
type Change struct {
	Name string
	// Files are seen from Root, those that still exist first.
	Files []string
	// More says that there were others, too many to be named.
	More bool
}

// Options configure a Watcher.
type Options struct {
	// Root is the project's directory.
	Root string
	// Own are files and directories of lhrun's own: they never count.
	Own []string
	// Marks is the directory, of lhrun's own, in which Barrier makes another one; "" is
	// that of temporary files.
	Marks string
	// Changed and Trouble, one line for people, are called by the Watcher's
	// goroutine and must not block.
	Changed func(Change)
	Trouble func(string)
}

// Watcher watches for rules. Make it with New; Close ends it.
type Watcher struct {
	o       Options
	inbox   chan func()
	quit    chan struct{}
	stopped chan struct{}
	once    sync.Once
	// open makes the source of events; tests put in one that fails.
	open func() (source, error)

	// What follows belongs to the loop.
	source source
	rules  []*rule
	tree   *tree
	timer  *time.Timer
	told   map[string]bool
	times  map[string]time.Time
	// barriers wait. marks is the directory of their markers, "" before there is one, and
	// marked says that source watches it.
	barriers []*barrier
	marks    string
	marked   bool
	lastMark int
}

// source is where the news of directories comes from.
type source interface {
	Add(dir string) error
	Remove(dir string) error
	Close() error
	news() (<-chan fsnotify.Event, <-chan error)
}

type notifier struct{ *fsnotify.Watcher }

func (n notifier) news() (<-chan fsnotify.Event, <-chan error) { return n.Events, n.Errors }

func openNotifier() (source, error) {
	w, err := fsnotify.NewBufferedWatcher(4096)
	if err != nil {
		return nil, err
	}
	return notifier{w}, nil
}

// rule is a Rule made ready, and what has changed for it.
type rule struct {
	Rule
	paths, ignore []pattern
	burst         burst
}

// New starts a watcher that has no rules yet.
func New(o Options) *Watcher {
	w := newWatcher(o, openNotifier)
	go w.run()
	return w
}

func newWatcher(o Options, open func() (source, error)) *Watcher {
	o.Root = actual(o.Root)
	w := &Watcher{
		o: o, open: open, inbox: make(chan func()), quit: make(chan struct{}), stopped: make(chan struct{}),
		timer: time.NewTimer(time.Hour), told: map[string]bool{}, times: map[string]time.Time{},
	}
	w.setOwn(o.Own)
	return w
}

// actual is path without symbolic links, as far as it exists.
func actual(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(actual(dir), filepath.Base(path))
	}
	return path
}

// Set replaces the rules and what is lhrun's own, and returns when the new rules
// hold.
func (w *Watcher) Set(rules []Rule, own []string) {
	done := make(chan struct{})
	set := func() {
		w.setOwn(own)
		w.set(rules)
		close(done)
	}
	select {
	case w.inbox <- set:
		<-done
	case <-w.stopped:
	}
}

// Close ends the watcher; nothing is told when it has returned.
func (w *Watcher) Close() {
	w.once.Do(func() { close(w.quit) })
	<-w.stopped
}

func (w *Watcher) run() {
	defer close(w.stopped)
	defer w.clearMarks()
	defer w.closeSource()
	for {
		var events <-chan fsnotify.Event
		var errs <-chan error
		if w.source != nil {
			events, errs = w.source.news()
		}
		select {
		case f := <-w.inbox:
			f()
		case e := <-events:
			w.event(e)
		case err := <-errs:
			w.lost(err)
		case <-w.timer.C:
			w.fire(time.Now())
		case <-w.quit:
			return
		}
	}
}

func (w *Watcher) closeSource() {
	if w.source != nil {
		_ = w.source.Close()
		w.source = nil
	}
}

func (w *Watcher) setOwn(own []string) {
	w.o.Own = nil
	for _, path := range own {
		// A link that is written through is known by both of its names.
		w.o.Own = append(w.o.Own, filepath.Join(actual(filepath.Dir(path)), filepath.Base(path)), actual(path))
	}
}

// set begins anew: what is watched follows from the rules alone.
func (w *Watcher) set(rules []Rule) {
	defer w.remark()
	w.closeSource()
	before := w.rules
	w.rules = nil
	for _, r := range rules {
		made := &rule{Rule: r}
		for _, old := range before {
			if old.Name == r.Name {
				made.burst = old.burst
			}
		}
		if made.Debounce == 0 {
			made.Debounce = defaultDebounce
		}
		for _, p := range r.Paths {
			made.paths = append(made.paths, newPattern(w.o.Root, p))
		}
		for _, p := range r.Ignore {
			made.ignore = append(made.ignore, exclusion(w.o.Root, p))
		}
		w.rules = append(w.rules, made)
	}
	if len(w.rules) == 0 {
		return
	}
	var err error
	if w.source, err = w.open(); err != nil {
		w.trouble(limit(err, fmt.Sprintf("cannot watch files: %v", err)))
		return
	}
	w.tree = newTree(w)
	w.tree.plant()
	w.warnIgnored()
}

// trouble is told once.
func (w *Watcher) trouble(text string) {
	if !w.told[text] {
		w.told[text] = true
		w.o.Trouble(text)
	}
}

// warnIgnored says which patterns can match nothing.
func (w *Watcher) warnIgnored() {
	for _, r := range w.rules {
		for i, p := range r.paths {
			base := p.base()
			info, err := os.Lstat(base)
			if err == nil && w.tree.ignored(base, info.IsDir()) {
				w.trouble(fmt.Sprintf("%s watches %q, which git ignores: nothing there ever restarts it", r.Name, r.Paths[i]))
			}
		}
	}
}

func (w *Watcher) isOwn(path string) bool {
	if strings.HasPrefix(filepath.Base(path), ".lhrun-") {
		return true // A port file on its way.
	}
	for _, own := range w.o.Own {
		if within(own, path) {
			return true
		}
	}
	return false
}

func (w *Watcher) shown(path string) string {
	if rel, err := filepath.Rel(w.o.Root, path); err == nil {
		return rel
	}
	return path
}

// arm sets the timer to the burst that is due first.
func (w *Watcher) arm() {
	var first time.Time
	for _, r := range w.rules {
		if due := r.burst.due(r.Debounce); !due.IsZero() && (first.IsZero() || due.Before(first)) {
			first = due
		}
	}
	if !first.IsZero() {
		w.timer.Reset(time.Until(first))
	}
}

// fire tells the bursts that are due.
func (w *Watcher) fire(now time.Time) {
	for _, r := range w.rules {
		if due := r.burst.due(r.Debounce); !due.IsZero() && !due.After(now) {
			b := r.burst
			r.burst = burst{}
			w.o.Changed(Change{Name: r.Name, Files: w.existingFirst(b.files), More: b.lost})
			w.tellBarriers(r.Name)
		}
	}
	w.arm()
}

// existingFirst puts the files that an editor only had for a moment last.
func (w *Watcher) existingFirst(files []string) []string {
	var there, gone []string
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(w.o.Root, f)); err == nil {
			there = append(there, f)
		} else {
			gone = append(gone, f)
		}
	}
	return append(there, gone...)
}

// lost: the system could not keep up, so anything may have changed.
func (w *Watcher) lost(err error) {
	w.trouble(limit(err, fmt.Sprintf("some changes of files were missed: %v", err)))
	defer w.seeAll()
	if w.tree == nil {
		return
	}
	w.tree.plant()
	for _, r := range w.rules {
		now := time.Now()
		if r.burst.first.IsZero() {
			r.burst.first = now
		}
		r.burst.last, r.burst.lost = now, true
	}
	w.arm()
}
