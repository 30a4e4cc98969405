package logs

import (
	"bytes"
	"sync"
	"time"
)

const (
	// stillAfter is how long a redrawn line must not change before a pipe or file gets
	// its state. It doubles with each state written, so that a slow bar does not fill a
	// file.
	stillAfter = 400 * time.Millisecond
	mostStill  = time.Minute
	// leastStill gives bytes that were just written the time to arrive.
	leastStill = 150 * time.Millisecond
	// screenful is how many blank lines in a row can be part of clearing the screen.
	screenful = 8
)

// redraw holds what one service may still redraw: rows that it has returned to, an
// unfinished line, blank lines that push everything off the screen. A terminal shows it
// below the stream. A pipe gets it when it is final, or does not change for a while.
type redraw struct {
	console *Console
	service string

	mu     sync.Mutex
	canvas *canvas // nil: no row is held
	blanks int
	// pending is the line that has not ended, if it is redrawn.
	pending  []byte
	at       time.Time
	patience time.Duration
	due      time.Time // when timer fires
	timer    *time.Timer
}

func (c *Console) redrawOf(service string) *redraw {
	c.redrawsMu.Lock()
	defer c.redrawsMu.Unlock()
	r := c.redraws[service]
	if r == nil {
		r = &redraw{console: c, service: service}
		c.redraws[service] = r
	}
	return r
}

// holds reports whether the next line may change lines that are held.
func (r *redraw) holds() bool { return r.canvas != nil || r.blanks > 0 }

// endsBlank reports whether block, of plain lines, ends with blank lines to be held.
func endsBlank(block []byte) bool {
	text := bytes.TrimRight(block, "\n")
	return len(block)-len(text) > screenful || len(text) == 0
}

// appendLine takes line, without its newline, and appends the lines that are final now.
func (r *redraw) appendLine(dst, head, line []byte) []byte {
	line = bytes.TrimRight(line, "\r")
	if len(line) == 0 && r.canvas == nil {
		r.blanks++
		return dst
	}
	if r.blanks >= screenful && clearsScreen(line) {
		r.blanks = 0
	}
	dst = r.appendBlanks(dst, head)
	if r.canvas == nil {
		start := len(dst)
		out, state := appendOpen(append(dst, head...), line, r.console.opts.Color)
		if !state.scattered {
			return append(state.end(out), '\n')
		}
		dst, r.canvas = dst[:start], newCanvas()
	}
	r.canvas.draw(line)
	if r.canvas.newline() {
		return dst
	}
	start := len(dst)
	dst = r.appendRows(dst, head)
	if len(dst) == start && len(r.canvas.rows) == 1 {
		dst = append(append(dst, head...), '\n')
	}
	r.canvas = nil
	return dst
}

func (r *redraw) appendBlanks(dst, head []byte) []byte {
	for ; r.blanks > 0; r.blanks-- {
		dst = append(append(dst, head...), '\n')
	}
	return dst
}

// appendRows appends the rows that differ from what was written of them.
func (r *redraw) appendRows(dst, head []byte) []byte {
	for _, row := range r.canvas.rows {
		if len(row.cells) == 0 {
			continue
		}
		text := string(row.appendTo(nil, r.console.opts.Color))
		if !row.told || text != row.shown {
			dst = append(append(append(dst, head...), text...), '\n')
		}
		row.shown, row.told = text, true
	}
	return dst
}

// settle ends a block of lines, whose last one has ended.
func (r *redraw) settle(dst, head []byte) []byte {
	r.pending = nil
	if r.blanks < screenful {
		dst = r.appendBlanks(dst, head)
	}
	switch {
	case r.holds():
		r.at = time.Now()
		r.wait()
	case r.timer != nil:
		r.timer.Stop()
		r.timer, r.patience = nil, 0
	}
	return dst
}

// wait arranges that still is called unless something is drawn before.
func (r *redraw) wait() {
	r.patience = max(r.patience, stillAfter)
	wait := min(max(leastStill, r.patience-time.Since(r.at)), r.patience)
	r.due = time.Now().Add(wait)
	if r.timer == nil {
		r.timer = time.AfterFunc(wait, r.still)
	} else {
		r.timer.Reset(wait)
	}
}

// still writes what has not changed for a while.
func (r *redraw) still() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil || time.Now().Before(r.due) {
		return
	}
	r.patience = min(2*r.patience, mostStill)
	c := r.console
	head := c.appendHead(nil, r.service, r.at)
	rows := r.appendHeld(head)
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.put(r.service, len(head), rows) // sticky: the next Lines returns it
	if text := r.current(); len(text) > 0 && r.pending != nil && !c.opts.Terminal {
		_ = c.putOpen(r.service, head, text, false)
	}
}

// appendHeld appends all that is held but the unfinished line.
func (r *redraw) appendHeld(head []byte) []byte {
	lines := r.appendBlanks(nil, head)
	if r.canvas != nil {
		lines = r.appendRows(lines, head)
	}
	return lines
}

// current returns the row that the cursor is in, or the nearest above with any text.
func (r *redraw) current() []byte {
	c := r.canvas
	switch {
	case r.pending == nil && c == nil:
		return nil
	case c == nil:
		c = newCanvas()
		c.draw(r.pending)
	case r.pending != nil:
		c = c.clone()
		c.draw(r.pending)
	}
	for i := c.at; i >= 0; i-- {
		if len(c.rows[i].cells) > 0 {
			return c.rows[i].appendTo(nil, r.console.opts.Color)
		}
	}
	return nil
}

// close writes what is held, as lines, and holds nothing any more.
func (r *redraw) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending != nil {
		if r.canvas == nil {
			r.canvas = newCanvas()
		}
		r.canvas.draw(r.pending)
	}
	c := r.console
	head := c.appendHead(nil, r.service, r.at)
	lines := r.appendHeld(head)
	r.canvas = nil
	lines = r.settle(lines, head)
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.show(r) // sticky, as in still
	_ = c.put(r.service, len(head), lines)
}
