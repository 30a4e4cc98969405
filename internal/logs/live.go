package logs

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/words"
)

// liveEvery is the shortest time between two drawings of the live lines while
// the stream is fast.
const liveEvery = 50 * time.Millisecond

// live draws lines that stay below the stream. It erases them before each write and draws
// them after it, or a little later if it has just done so.
type live struct {
	lines []string
	// open holds unfinished lines of the stream, one a service, drawn above lines.
	open  []openLine
	drawn int // lines on the screen
	last  time.Time
	timer *time.Timer
}

// mostOpen is how many unfinished lines are drawn: the last ones begun.
const mostOpen = 5

type openLine struct {
	service string
	text    []byte
	// redrawn says that the line enters the stream only when it is final.
	redrawn bool
}

func (l *live) active() bool { return len(l.lines) > 0 || len(l.open) > 0 }

// set keeps the service's unfinished line; drop forgets it.
func (l *live) set(line openLine) {
	if i := slices.IndexFunc(l.open, line.same); i >= 0 {
		l.open[i] = line
		return
	}
	l.open = append(l.open, line)
}

func (l *live) drop(service string) {
	l.open = slices.DeleteFunc(l.open, openLine{service: service}.same)
}

func (o openLine) same(other openLine) bool { return o.service == other.service }

// Live shows lines, plain text, below the stream, cut to the terminal's width; nil removes
// them. Without a terminal it does nothing.
func (c *Console) Live(lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.live
	if !c.opts.Terminal || slices.Equal(l.lines, lines) {
		return
	}
	var out []byte
	if c.open.service != "" {
		out, c.open = c.open.ending(), preview{}
	}
	l.lines = slices.Clone(lines)
	out = append(out, l.erase()...)
	if len(lines) == 0 {
		out = l.appendPrompts(out, c.opts.Color)
	}
	_ = c.write(append(out, l.draw(c)...)) // sticky: the next Lines returns it
}

// appendPrompts puts the unfinished lines that are not redrawn into the stream.
func (l *live) appendPrompts(dst []byte, colour bool) []byte {
	for _, o := range l.open {
		if !o.redrawn {
			dst = append(appendText(dst, o.text, colour), '\n')
		}
	}
	l.open = slices.DeleteFunc(l.open, func(o openLine) bool { return !o.redrawn })
	return dst
}

// Wipe erases what the terminal has echoed of a pressed key, such as ^C, at the beginning
// of a line. Behind live lines the echo disappears with them.
func (c *Console) Wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opts.Terminal && c.live.drawn == 0 && c.open.service == "" {
		_ = c.write([]byte("\r\x1b[J"))
	}
}

// around returns block with the live lines erased before and drawn after it. Where there
// are none it returns block itself.
func (l *live) around(c *Console, block []byte) []byte {
	if !l.active() && l.drawn == 0 {
		return block
	}
	out := append(l.erase(), block...)
	if wait := liveEvery - time.Since(l.last); wait > 0 {
		if l.timer == nil {
			l.timer = time.AfterFunc(wait, c.redraw)
		}
		return out
	}
	return append(out, l.draw(c)...)
}

// redraw draws the lines that around has put off.
func (c *Console) redraw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live.timer = nil
	if c.live.drawn == 0 {
		_ = c.write(c.live.draw(c))
	}
}

// erase moves to the first of the drawn lines and clears from there on.
func (l *live) erase() []byte {
	n := l.drawn
	l.drawn = 0
	switch {
	case n == 0:
		return nil
	case n == 1:
		return []byte("\r\x1b[J")
	}
	return fmt.Appendf(nil, "\r\x1b[%dA\x1b[J", n-1)
}

// draw leaves the cursor at the end of the last line, so that no line is wasted.
func (l *live) draw(c *Console) []byte {
	if !l.active() {
		return nil
	}
	l.last = time.Now()
	// The terminal writes ^C behind the last line, which must not wrap by it.
	width := max(1, c.opts.Width()-3)
	var out []byte
	for _, o := range l.open[max(0, len(l.open)-mostOpen):] {
		out = append(append(out, fitRow(o.text, width, c.opts.Color)...), '\n')
	}
	for _, line := range l.lines {
		out = append(append(out, words.Fit(OneLine(line), width)...), '\n')
	}
	out = out[:len(out)-1]
	l.drawn = 1 + bytes.Count(out, []byte{'\n'})
	return out
}
