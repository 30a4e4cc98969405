package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/fsnotify/fsnotify"
)

// barrier is somebody who waits until what has changed is told. A marker, a file in a
// directory of its own, comes through the same queue as the project's files: what was
// changed before it has been read when it comes.
type barrier struct {
	marker string
	seen   bool
	// rules are those of which something has to be told yet.
	rules []string
	done  chan struct{}
}

// Barrier returns when every change that was made before the call has been told to
// Options.Changed, or ctx ends, whose error it returns. Where nothing is watched it returns
// at once. The error also says that no marker can be made.
func (w *Watcher) Barrier(ctx context.Context) error {
	b := &barrier{done: make(chan struct{})}
	failed := make(chan error, 1)
	select {
	case w.inbox <- func() { failed <- w.begin(b) }:
	case <-w.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := <-failed; err != nil {
		return err
	}
	select {
	case <-b.done:
		return nil
	case <-w.stopped:
		return nil
	case <-ctx.Done():
		select {
		case w.inbox <- func() { w.giveUp(b) }:
		case <-w.stopped:
		}
		return ctx.Err()
	}
}

func (w *Watcher) begin(b *barrier) error {
	if w.source == nil {
		close(b.done)
		return nil
	}
	if err := w.mark(b); err != nil {
		return err
	}
	w.barriers = append(w.barriers, b)
	return nil
}

// mark makes the marker of b.
func (w *Watcher) mark(b *barrier) error {
	if w.marks == "" {
		dir, err := os.MkdirTemp(w.o.Marks, "marks-")
		if err != nil {
			return err
		}
		w.marks = actual(dir)
	}
	if !w.marked {
		if err := w.source.Add(w.marks); err != nil {
			return err
		}
		w.marked = true
	}
	w.lastMark++
	b.marker = filepath.Join(w.marks, strconv.Itoa(w.lastMark))
	return os.WriteFile(b.marker, nil, 0o600)
}

// isMark takes news of a marker, and reports whether e was that.
func (w *Watcher) isMark(e fsnotify.Event) bool {
	if w.marks == "" || filepath.Dir(e.Name) != w.marks {
		return false
	}
	for _, b := range w.barriers {
		if b.marker == e.Name && e.Has(fsnotify.Create) {
			w.see(b)
		}
	}
	w.pass()
	return true
}

// see notes what of before b has to be told yet.
func (w *Watcher) see(b *barrier) {
	_ = os.Remove(b.marker)
	b.seen = true
	for _, r := range w.rules {
		if !r.burst.first.IsZero() {
			b.rules = append(b.rules, r.Name)
		}
	}
}

// seeAll is for markers that may have been missed.
func (w *Watcher) seeAll() {
	for _, b := range w.barriers {
		if !b.seen {
			w.see(b)
		}
	}
	w.pass()
}

// remark makes the markers anew where their directory is watched anew.
func (w *Watcher) remark() {
	w.marked = false
	for _, b := range w.barriers {
		if b.seen {
			continue
		}
		_ = os.Remove(b.marker)
		if w.source == nil || w.mark(b) != nil {
			w.see(b)
		}
	}
	w.pass()
}

// tellBarriers says that what has changed for a rule has been told.
func (w *Watcher) tellBarriers(rule string) {
	for _, b := range w.barriers {
		b.rules = slices.DeleteFunc(b.rules, func(name string) bool { return name == rule })
	}
	w.pass()
}

// pass lets those through for whom everything has been told.
func (w *Watcher) pass() {
	exists := func(name string) bool {
		return slices.ContainsFunc(w.rules, func(r *rule) bool { return r.Name == name })
	}
	w.barriers = slices.DeleteFunc(w.barriers, func(b *barrier) bool {
		if !b.seen || slices.ContainsFunc(b.rules, exists) {
			return false
		}
		close(b.done)
		return true
	})
}

func (w *Watcher) giveUp(b *barrier) {
	w.barriers = slices.DeleteFunc(w.barriers, func(other *barrier) bool { return other == b })
	_ = os.Remove(b.marker)
}

// clearMarks takes the markers away.
func (w *Watcher) clearMarks() {
	if w.marks != "" {
		_ = os.RemoveAll(w.marks)
	}
}
