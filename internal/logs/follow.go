package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Line is what FollowAll finds next.
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
	// More says that another line is ready, so that output may be held back.
	More bool
	// Context says that the line does not match but is near one that does. Apart says
	// that lines were left out before it. See Query.Before.
	Context, Apart bool
	// Next is where to go on after this line.
	Next  Cursor
	start Cursor
}

// Began is when the line's run began, to the second.
func (l Line) Began() time.Time { return time.Unix(int64(l.Run), 0) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// follower follows one log. It owns the open files and the place in them.
type follower struct {
	store   *Store
	service string
	// h is what lines reads from; nil before the first look.
	h     *history
	lines *scanner
	// at is the offset at which to begin a new h.
	at int64
	// missed counts bytes that are gone, until next reports them.
	missed int64
	// partial is the end of the unfinished line that was last shown. idle is when the
	// current one was first seen.
	partial int64
	idle    time.Time
	// grown is when the last bytes were seen.
	grown time.Time
}

func newFollower(s *Store, service string, from Cursor) *follower {
	return &follower{store: s, service: service, at: int64(from)}
}

func (fol *follower) close() {
	if fol.h != nil {
		fol.h.close()
		fol.h = nil
	}
}

// look finds what was written since the last look, for next to return.
func (fol *follower) look() error {
	if fol.h != nil {
		moved := fol.moved(fol.h)
		if fol.h.grow() {
			fol.grown = time.Now()
			return nil
		}
		if !moved {
			return nil
		}
		fol.at = fol.lines.at()
		fol.close() // other files have taken the place of those that were read
	}
	h, err := fol.store.history(fol.service)
	if err != nil {
		return fmt.Errorf("cannot read the log of %q: %w", fol.service, err)
	}
	fol.h, fol.grown = h, time.Now()
	fol.place(h)
	fol.lines = newScanner(h, fol.at)
	return nil
}

// next returns the next line that look has found; its text is valid until the next call.
func (fol *follower) next() (Line, bool) {
	if fol.missed == 0 {
		if t, ok := fol.lines.next(); ok {
			fol.idle = time.Time{}
			line := t.asLine()
			line.More = fol.lines.more()
			return line, true
		}
		fol.missed = fol.lines.missed()
	}
	if missed := fol.missed; missed > 0 {
		fol.missed = 0
		return Line{At: time.Now(), Missed: missed, Next: Cursor(fol.lines.at())}, true
	}
	fol.h.trim()
	return fol.unfinished()
}

// place moves the cursor to the nearest byte that exists, and counts what it skips.
func (fol *follower) place(h *history) {
	start, end := h.start(), h.end()
	switch missed := start - fol.at; {
	case fol.at > end:
		fol.at = end
	case fol.at > 0 && missed > 0:
		fol.at = start
		fol.missed += missed
	}
}

// unfinished returns a line that does not end, once for each time it grows.
func (fol *follower) unfinished() (Line, bool) {
	shown := trimTorn(fol.lines.buf)
	end := fol.lines.at() + int64(len(shown))
	if len(shown) == 0 || end <= fol.partial {
		return Line{}, false
	}
	if fol.idle.IsZero() {
		fol.idle = time.Now()
	}
	if time.Since(fol.idle) < previewAfter {
		return Line{}, false
	}
	fol.partial, fol.idle = end, time.Time{}
	return Line{At: fol.grown, Text: shown, Partial: true, Next: Cursor(fol.lines.at())}, true
}

// finish gives f a last line that has no end.
func (fol *follower) finish(f func(Line) error) error {
	t, ok := fol.lines.rest()
	if !ok {
		return nil
	}
	return f(t.asLine())
}

// moved reports whether other files have replaced those being read. While no log exists it
// checks for that one file: if each of hundreds of silent services listed the directory,
// that would keep a core busy.
func (fol *follower) moved(h *history) bool {
	if n := len(h.segs); n == 0 || h.segs[n-1].named {
		_, err := os.Lstat(filepath.Join(fol.store.dir, fol.service+".log"))
		return err == nil
	}
	last := h.segs[len(h.segs)-1]
	info, err := last.log.Stat()
	return last.moved() || err != nil || info.Size() < last.size
}

// trim closes the files that are read to their end, as a follower may wait for days.
func (h *history) trim() {
	if n := len(h.segs) - 1; n > 0 {
		closeSegments(h.segs[:n])
		h.segs = h.segs[n:]
	}
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

// more reports whether next would return a line without reading.
func (s *scanner) more() bool { return bytes.IndexByte(s.buf, '\n') >= 0 }
