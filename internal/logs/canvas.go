package logs

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/words"
)

const (
	// maxRows is how many rows a canvas has at most.
	maxRows = 200
	// maxCells bounds what all rows of a canvas hold.
	maxCells = 64 << 10
	// maxJump is how far a sequence moves, erases or shifts at most: no terminal is wider.
	maxJump = 1000
	tabStop = 8
)

// canvas is the part of a terminal's screen that a service still draws on: rows of cells
// and a cursor. It gives the text that a terminal would show of a program that goes back
// and writes over what it has written.
type canvas struct {
	rows    []*row
	at, col int // the cursor
	cells   int
	// held is the lowest row that the cursor has left upwards. The rows above it are
	// being redrawn.
	held int
	// floor is the highest row that the cursor can go back to.
	floor  int
	colour string // the SGR parameters in force
	// state, if not nil, is called with a row that is about to be changed by going back.
	state func(*row)
}

// row is one line of a canvas.
type row struct {
	cells []cell
	// drawn is false for a row above the first, of which nothing is known.
	drawn bool
	// changed says that the row differs from what state was last called with.
	changed bool
	// shown is the text that was passed on for the row, if told.
	shown string
	told  bool
}

// cell is one column: a character with the marks that combine with it, or "" for the
// further columns of a wide one.
type cell struct{ text, colour string }

var blank = cell{text: " "}

func newCanvas() *canvas { return &canvas{rows: []*row{{drawn: true}}} }

// clone returns a copy that can be drawn on without changing c.
func (c *canvas) clone() *canvas {
	d := *c
	d.rows = make([]*row, len(c.rows))
	for i, r := range c.rows {
		copied := *r
		copied.cells = append([]cell(nil), r.cells...)
		d.rows[i] = &copied
	}
	return &d
}

func (c *canvas) row() *row { return c.rows[c.at] }

// full reports whether c has reached a bound, so that its rows must be passed on.
func (c *canvas) full() bool { return c.cells > maxCells || len(c.rows) >= maxRows }

// put writes one character of that width over the cells at the cursor.
func (c *canvas) put(text string, width int) {
	r := c.row()
	r.drawn, r.changed = true, true
	if width == 0 {
		if n := min(c.col, len(r.cells)); n > 0 && len(r.cells[n-1].text) < 32 {
			r.cells[n-1].text += text
		}
		return
	}
	c.grow(r, c.col+width)
	r.split(c.col)
	r.split(c.col + width)
	r.cells[c.col] = cell{text, c.colour}
	for i := 1; i < width; i++ {
		r.cells[c.col+i] = cell{"", c.colour}
	}
	c.col += width
}

func (c *canvas) grow(r *row, columns int) {
	for len(r.cells) < columns {
		r.cells = append(r.cells, blank)
		c.cells++
	}
}

// split turns a wide character that reaches across col into blanks.
func (r *row) split(col int) {
	if col >= len(r.cells) || r.cells[col].text != "" {
		return
	}
	for i := col; i < len(r.cells) && r.cells[i].text == ""; i++ {
		r.cells[i] = blank
	}
	for i := col - 1; i >= 0; i-- {
		wide := r.cells[i].text == ""
		r.cells[i] = blank
		if !wide {
			return
		}
	}
}

// erase blanks the columns between from and to of the cursor's row.
func (c *canvas) erase(from, to int) {
	r := c.row()
	c.tell()
	if to >= len(r.cells) {
		r.split(from)
		c.cells -= max(0, len(r.cells)-from)
		r.cells = r.cells[:min(from, len(r.cells))]
	} else {
		from = max(from, to-maxJump)
		r.split(from)
		r.split(to)
		for i := from; i < to; i++ {
			r.cells[i] = blank
		}
	}
	r.drawn, r.changed = true, false
}

// eraseBelow erases what stands behind and below the cursor.
func (c *canvas) eraseBelow() {
	c.erase(c.col, len(c.row().cells))
	for _, r := range c.rows[c.at+1:] {
		c.cells -= len(r.cells)
		r.cells, r.drawn = r.cells[:0], true
	}
}

// shift moves what stands from col on by n columns, to the left if n is negative.
func (c *canvas) shift(n int) {
	r := c.row()
	c.tell()
	if c.col >= len(r.cells) || len(r.cells) > 2*maxJump {
		return
	}
	r.split(c.col)
	rest := append([]cell(nil), r.cells[c.col:]...)
	c.erase(c.col, len(r.cells))
	switch {
	case n < 0:
		rest = rest[min(-n, len(rest)):]
	default:
		c.grow(r, c.col+n)
	}
	c.cells += len(rest)
	r.cells, r.changed = append(r.cells, rest...), true
}

// column moves the cursor within its row.
func (c *canvas) column(col int) {
	most := len(c.row().cells)
	if c.cells < maxCells {
		most += maxJump
	}
	col = max(0, min(col, most))
	if col < c.col {
		c.tell()
	}
	c.col = col
}

// up moves the cursor n rows up. Above the first row it adds rows for lines that were
// passed on before.
func (c *canvas) up(n int) {
	c.tell()
	if above := min(n-(c.at-c.floor), maxRows-len(c.rows)); above > 0 {
		rows := make([]*row, above)
		for i := range rows {
			rows[i] = &row{}
		}
		c.rows = slices.Insert(c.rows, c.floor, rows...)
		c.at, c.held = c.at+above, c.held+above
	}
	c.held = max(c.held, c.at)
	c.at = max(c.floor, c.at-n)
}

// down moves the cursor n rows down.
func (c *canvas) down(n int) {
	c.tell()
	for ; n > 0 && (c.at+1 < len(c.rows) || len(c.rows) < maxRows); n-- {
		if c.at++; c.at == len(c.rows) {
			c.rows = append(c.rows, &row{drawn: true})
		}
	}
}

// newline ends the cursor's row. It reports whether that row, or one below it, may be drawn
// again.
func (c *canvas) newline() bool {
	if c.full() || c.at >= c.held {
		return false
	}
	c.tell()
	c.at, c.col, c.colour = c.at+1, 0, ""
	return true
}

// apart begins a row of its own below all others, for text that is placed elsewhere on
// the screen.
func (c *canvas) apart() {
	c.tell()
	c.at = len(c.rows) - 1
	if len(c.row().cells) > 0 {
		c.down(1)
	}
	c.col, c.floor = 0, c.at
}

// tell calls state with the cursor's row if that has changed.
func (c *canvas) tell() {
	if r := c.row(); c.state != nil && r.changed {
		r.changed = false
		c.state(r)
	}
}

// appendTo appends what r shows, with or without its colours.
func (r *row) appendTo(dst []byte, colour bool) []byte {
	now := ""
	for _, cell := range r.cells {
		if colour && cell.colour != now {
			if now != "" {
				dst = append(dst, resetColour...)
			}
			if now = cell.colour; now != "" {
				dst = append(append(append(dst, "\x1b["...), now...), 'm')
			}
		}
		dst = append(dst, cell.text...)
	}
	if now != "" {
		dst = append(dst, resetColour...)
	}
	return dst
}

// paint sets the colours of what is written from now on.
func (c *canvas) paint(params string) {
	if params == "" || params == "0" {
		c.colour = ""
		return
	}
	if rest, reset := strings.CutPrefix(params, "0;"); reset || c.colour == "" {
		c.colour = rest
	} else if len(c.colour)+len(params) < 64 {
		c.colour += ";" + params
	} else {
		c.colour = params
	}
}

// write writes text, which has no controls but tabs.
func (c *canvas) write(text []byte) {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch stop := tabStop - c.col%tabStop; {
		case r == '\t' && c.col < len(c.row().cells):
			c.column(c.col + stop)
		case r == '\t':
			c.put("\t", stop)
		case r < utf8.RuneSelf:
			c.put(string(text[:1]), 1)
		default:
			c.put(string(text[:size]), words.Columns(r))
		}
		text = text[size:]
	}
}
