package logs

import (
	"fmt"
	"slices"
	"time"
)

// liveEvery is the shortest time between two drawings of the live lines while
// the stream is fast.
const liveEvery = 50 * time.Millisecond

// live are lines that stay below the stream. They are erased before each write
// and drawn after it, or a little later when that was done just now.
type live struct {
	lines []string
	// open is an unfinished line of the stream, kept above the live lines.
	open  openLine
	drawn int // lines on the screen
	last  time.Time
	timer *time.Timer
}

type openLine struct {
	service string
	text    []byte
}

// Live makes lines, plain text, stay below the stream; nil takes them away. They
// are cut to the terminal's width. Nothing happens where there is no terminal.
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
	if len(lines) == 0 && len(l.open.text) > 0 {
		out = append(appendText(out, l.open.text, c.opts.Color), '\n')
		l.open = openLine{}
	}
	_ = c.write(append(out, l.draw(c)...)) // sticky: the next Lines returns it
}

// Wipe takes away what the terminal has echoed of a pressed key, such as ^C, at the
// beginning of a line. Behind the live lines it goes with them.
func (c *Console) Wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opts.Terminal && c.live.drawn == 0 && c.open.service == "" {
		_ = c.write([]byte("\r\x1b[J"))
	}
}

// around returns block, of service, with the live lines erased before and drawn
// after it. Where there are none it returns block itself.
func (l *live) around(c *Console, service string, block []byte) []byte {
	if len(l.lines) == 0 {
		return block
	}
	out := append(l.erase(), block...)
	if service == l.open.service {
		l.open = openLine{}
	}
	if wait := liveEvery - time.Since(l.last); wait > 0 {
		if l.timer == nil {
			l.timer = time.AfterFunc(wait, c.redraw)
		}
		return out
	}
	return append(out, l.draw(c)...)
}

// redraw draws what around has put off.
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
	if len(l.lines) == 0 {
		return nil
	}
	l.last = time.Now()
	lines := l.lines
	if len(l.open.text) > 0 {
		open := string(appendText(nil, l.open.text, false))
		lines = append([]string{open}, lines...)
	}
	l.drawn = len(lines)
	// The terminal writes ^C behind the last line, which must not wrap by it.
	width := max(1, c.opts.Width()-3)
	var out []byte
	for i, line := range lines {
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, Fit(line, width)...)
	}
	return out
}
