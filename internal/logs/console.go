package logs

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// Self is the name that lhrun's own lines carry.
const Self = "lhrun"

// ConsoleOptions say how a console looks. The zero value is for a pipe: no
// colours, no time.
type ConsoleOptions struct {
	// Color colours names and lets services colour their text. Without it no
	// escape is written at all.
	Color bool
	// Time puts HH:MM:SS.mmm, local time, before each name.
	Time bool
	// Bare writes no names: all lines are lhrun's own.
	Bare bool
	// Names are padded to the longest of them, and get colours in their order.
	Names []string
	// Terminal says that w moves its cursor as it is told, so that Live works.
	Terminal bool
	// Width is the terminal's number of columns; nil is 80.
	Width func() int
}

// Console writes one stream for people: `name | text`. It writes what a terminal would
// show of each line, always behind the service's name, and keeps nothing of its escapes
// but colours.
type Console struct {
	*output
	opts  ConsoleOptions
	heads map[string]string // by name, without the time
	pad   int

	mu   sync.Mutex
	open preview
	live live
	// written counts the lines of the stream, last is what it was behind the last one of
	// each service.
	written int
	last    map[string]int

	redrawsMu sync.Mutex
	redraws   map[string]*redraw
}

// preview is an unfinished line at the end of the stream.
type preview struct {
	service string // "" is none
	text    []byte // as written, without head
	colour  bool
}

// NewConsole returns a sink that writes to w: one call of w.Write a block, one
// at a time. Its first write error is returned by every call to come, unless it is that
// of a full disk, which is none: see OnFull.
func NewConsole(w io.Writer, opts ConsoleOptions) *Console {
	c := &Console{opts: opts, heads: map[string]string{}, redraws: map[string]*redraw{}, last: map[string]int{}}
	c.output = newOutput(w, func(missing int64, cause error) []byte {
		return append(c.appendHead(nil, Self, time.Now()), gapText(missing, cause)+"\n"...)
	})
	if c.opts.Width == nil {
		c.opts.Width = func() int { return 80 }
	}
	names := opts.Names
	if !slices.Contains(names, Self) {
		names = append(slices.Clone(names), Self)
	}
	for _, name := range names {
		c.pad = max(c.pad, utf8.RuneCountInString(name))
	}
	for i, name := range names {
		c.heads[name] = c.newHead(name, i)
	}
	return c
}

// blocks are buffers for formatted blocks; a block that grew large is not kept.
var blocks = sync.Pool{New: func() any { return new([]byte) }}

func keepBlock(buf *[]byte, used []byte) {
	if cap(used) <= 4*chunkSize {
		*buf = used[:0]
		blocks.Put(buf)
	}
}

// Lines formats block on the caller's time and writes it at once.
func (c *Console) Lines(service string, at time.Time, block []byte) error {
	block = whole(block)
	r := c.redrawOf(service)
	r.mu.Lock()
	defer r.mu.Unlock()
	buf := blocks.Get().(*[]byte)
	head := c.appendHead((*buf)[:0], service, at)
	// At once as large as it becomes: growing touched twice the memory.
	size := len(block) + len(head)*(1+bytes.Count(block, []byte{'\n'}))
	out := c.appendBlock(slices.Grow(head, size), r, head, block)
	defer keepBlock(buf, out)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.show(r); err != nil {
		return err
	}
	return c.put(service, len(head), out[len(head):])
}

// Preview shows a line that has not ended. What comes next either completes it
// or ends it with an ellipsis, and then its whole line comes again.
func (c *Console) Preview(service string, at time.Time, text []byte) error {
	r := c.redrawOf(service)
	r.mu.Lock()
	defer r.mu.Unlock()
	head := c.appendHead(nil, service, at)
	clean, state := appendOpen(nil, text, c.opts.Color)
	if r.canvas != nil || state.redrawn || state.scattered {
		r.pending, r.at = append(r.pending[:0], text...), at
		r.wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.show(r); err != nil {
			return err
		}
		return c.write(c.live.around(c, nil))
	}
	blanks := r.appendBlanks(nil, head)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(blanks) > 0 {
		if err := c.put(service, len(head), blanks); err != nil {
			return err
		}
	}
	return c.putOpen(service, head, clean, state.coloured)
}

// show updates what a terminal shows of r below the stream.
func (c *Console) show(r *redraw) error {
	if !c.opts.Terminal {
		return nil
	}
	text := r.current()
	if len(text) == 0 {
		c.live.drop(r.service)
		return nil
	}
	c.live.set(openLine{r.service, append(c.appendHead(nil, r.service, r.at), text...), true})
	open := c.open
	c.open = preview{}
	if open.service == r.service && open.columns(c) < c.opts.Width() {
		return c.write([]byte("\r\x1b[J"))
	}
	return c.write(open.ending())
}

// Since returns how many lines the stream shows below the last one of service; false where
// it has shown none of service.
func (c *Console) Since(service string) (lines int, shown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, shown := c.last[service]
	return c.written - at, shown
}

// put writes lines, each behind its head; the first head is headLen bytes long.
func (c *Console) put(service string, headLen int, lines []byte) error {
	if len(lines) == 0 {
		return c.write(c.live.around(c, nil))
	}
	c.written += bytes.Count(lines, []byte{'\n'})
	c.last[service] = c.written
	open := c.open
	c.open = preview{}
	if open.service == service && bytes.HasPrefix(lines[headLen:], open.text) {
		return c.write(c.live.around(c, lines[headLen+len(open.text):]))
	}
	if err := c.write(open.ending()); err != nil {
		return err
	}
	return c.write(c.live.around(c, lines))
}

// putOpen writes the beginning of a line, or what it has grown by.
func (c *Console) putOpen(service string, head, text []byte, coloured bool) error {
	if c.live.active() {
		c.live.set(openLine{service, append(head, text...), false})
		return c.write(c.live.around(c, nil))
	}
	out := append(head, text...)
	switch open := c.open; {
	case open.service == service && bytes.HasPrefix(text, open.text):
		out = text[len(open.text):]
	default:
		out = append(open.ending(), out...)
	}
	c.open = preview{service, text, coloured}
	return c.write(out)
}

// ending ends an open line that something else interrupts.
func (p preview) ending() []byte {
	switch {
	case p.service == "":
		return nil
	case p.colour:
		return []byte("…" + resetColour + "\n")
	}
	return []byte("…\n")
}

// columns returns the width of the line on a terminal, with its head.
func (p preview) columns(c *Console) int {
	drawn := newCanvas()
	drawn.draw(append(c.appendHead(nil, p.service, time.Time{}), p.text...))
	return drawn.col
}

// Close removes the live lines, writes what is held back, ends an open line and returns
// the first write error. The writer stays open, and lines may still follow.
func (c *Console) Close() error {
	c.Live(nil)
	c.redrawsMu.Lock()
	redraws := slices.Collect(maps.Values(c.redraws))
	c.redrawsMu.Unlock()
	for _, r := range redraws {
		r.close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := []byte{}
	if c.open.colour {
		end = append(end, resetColour...)
	}
	if c.open.service != "" {
		end = append(end, '\n')
	}
	c.open = preview{}
	return c.write(end)
}

// appendBlock appends each line of block behind head. It leaves lines that the service
// may still redraw to r.
func (c *Console) appendBlock(dst []byte, r *redraw, head, block []byte) []byte {
	clean := plain(block) && !r.holds() && !endsBlank(block)
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n') + 1
		line := block[:end]
		if clean || end > 1 && !r.holds() && plain(line) {
			dst = append(append(dst, head...), line...)
		} else {
			dst = r.appendLine(dst, head, line[:end-1])
		}
		block = block[end:]
	}
	return r.settle(dst, head)
}
