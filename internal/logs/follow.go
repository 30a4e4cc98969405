package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Line is what Follow finds next.
type Line struct {
	At time.Time
	// Run is the number of the run that wrote it; they grow.
	Run uint32
	// Text is the line without its end, f's during the call only. Lines over
	// 64 KiB come in pieces.
	Text []byte
	// Partial says that the line has not ended for a while. It comes again.
	Partial bool
	// Missed, if positive, is how many bytes the log has lost since the last
	// line, because it was written faster than it was followed; Text is nil.
	Missed int64
	// More says that the next line is at hand, so that output may be held back.
	More bool
	// Next is where to go on after this line.
	Next Cursor
}

const (
	pollFast = 20 * time.Millisecond
	pollSlow = 200 * time.Millisecond
)

// Follow calls f with each line from the cursor on, also with those to come,
// until ctx ends or f returns an error, which Follow returns; the end of ctx is
// no error. It reads from disk and never slows the writer: a cursor that the
// log's bound has overtaken is told so. From 0 on it begins with the oldest line
// kept.
func (s *Store) Follow(ctx context.Context, service string, from Cursor, f func(Line) error) error {
	return s.FollowUntil(ctx, nil, service, from, f)
}

// FollowUntil is Follow that also ends, without an error, with the last line that
// was written before last closed.
func (s *Store) FollowUntil(ctx context.Context, last <-chan struct{}, service string, from Cursor, f func(Line) error) error {
	fol := &follower{store: s, service: service, f: f, at: int64(from), last: last}
	for ctx.Err() == nil && !fol.finished {
		if err := fol.read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// follower is one Follow. It owns its files and its place.
type follower struct {
	store   *Store
	service string
	f       func(Line) error
	at      int64
	pause   time.Duration
	// last closes when nothing more will be written; finished is: all of it was read.
	last     <-chan struct{}
	finished bool
	// partial is how far an unfinished line was shown, idle since when it waits.
	partial int64
	idle    time.Time
}

// read follows the files that are there now, until others take their place.
func (fol *follower) read(ctx context.Context) error {
	h, err := fol.store.history(fol.service)
	if err != nil {
		return fmt.Errorf("cannot read the log of %q: %w", fol.service, err)
	}
	defer h.close()
	if err := fol.place(h); err != nil {
		return err
	}
	lines := newScanner(h, fol.at)
	for ctx.Err() == nil {
		changed, final := fol.changed(), fol.final()
		if err := fol.pass(ctx, lines); err != nil {
			return err
		}
		fol.at = lines.at()
		moved := fol.moved(h)
		if h.grow() {
			fol.pause = pollFast
			continue
		}
		if moved {
			return nil
		}
		if final {
			return fol.finish(lines)
		}
		if err := fol.showPartial(lines); err != nil {
			return err
		}
		fol.wait(ctx, changed, len(lines.buf) > 0)
	}
	return nil
}

// place puts the cursor where there is something, and tells what it passes over.
func (fol *follower) place(h *history) error {
	start, end := h.start(), h.end()
	switch missed := start - fol.at; {
	case fol.at < 0 || fol.at > end:
		fol.at = end
	case fol.at > 0 && missed > 0:
		fol.at = start
		return fol.f(Line{Missed: missed, Next: Cursor(start), At: time.Now()})
	}
	return nil
}

// pass gives f all whole lines there are.
func (fol *follower) pass(ctx context.Context, lines *scanner) error {
	t, ok := lines.next()
	for ctx.Err() == nil {
		if !ok {
			missed := lines.missed()
			if missed == 0 {
				return nil
			}
			if err := fol.f(Line{Missed: missed, Next: Cursor(lines.at()), At: time.Now()}); err != nil {
				return err
			}
			t, ok = lines.next()
			continue
		}
		fol.idle = time.Time{}
		line := t.asLine()
		line.More = lines.more()
		if err := fol.f(line); err != nil {
			return err
		}
		t, ok = lines.next()
	}
	return nil
}

// showPartial gives f a line that does not end, once for each time it grows.
func (fol *follower) showPartial(lines *scanner) error {
	shown := trimTorn(lines.buf)
	end := lines.at() + int64(len(shown))
	if len(shown) == 0 || end <= fol.partial {
		return nil
	}
	if fol.idle.IsZero() {
		fol.idle = time.Now()
	}
	if time.Since(fol.idle) < previewAfter {
		return nil
	}
	fol.partial, fol.idle = end, time.Time{}
	return fol.f(Line{At: time.Now(), Text: shown, Partial: true, Next: Cursor(lines.at())})
}

// wait ends with the next write, or when it is time to look for one: another
// process's writes are not told.
func (fol *follower) wait(ctx context.Context, changed <-chan struct{}, partial bool) {
	fol.pause = min(max(2*fol.pause, pollFast), pollSlow)
	pause := fol.pause
	if changed != nil && !partial {
		pause = 5 * pollSlow
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-fol.last:
	case <-changed:
	case <-timer.C:
	}
}

func (fol *follower) final() bool {
	select {
	case <-fol.last:
		return true
	default:
		return false
	}
}

// finish gives f a last line that has no end.
func (fol *follower) finish(lines *scanner) error {
	fol.finished = true
	t, ok := lines.rest()
	if !ok {
		return nil
	}
	return fol.f(t.asLine())
}

// changed is closed by the next write of this process; nil when another writes.
func (fol *follower) changed() <-chan struct{} {
	fol.store.mu.Lock()
	l := fol.store.logs[fol.service]
	fol.store.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.next()
}

// moved reports that other files have taken the place of those being read.
func (fol *follower) moved(h *history) bool {
	if len(h.segs) == 0 {
		paths, err := fol.store.segmentPaths(fol.service)
		return err != nil || len(paths) > 0
	}
	last := h.segs[len(h.segs)-1]
	if last.named { // there is none that is written, until there is
		_, err := os.Lstat(filepath.Join(fol.store.dir, fol.service+".log"))
		return err == nil
	}
	info, err := last.log.Stat()
	return last.moved() || err != nil || info.Size() < last.size
}

// grow takes what was written since; false when nothing was.
func (h *history) grow() bool {
	if len(h.segs) == 0 {
		return false
	}
	last := h.segs[len(h.segs)-1]
	info, err := last.log.Stat()
	if err != nil || info.Size() <= last.size {
		return false
	}
	last.size = info.Size()
	known := len(last.recs)
	last.readIndex()
	h.recs = append(h.recs, last.recs[known:]...)
	return true
}

// more reports that next would return a line without reading.
func (s *scanner) more() bool { return bytes.IndexByte(s.buf, '\n') >= 0 }
