package logs

import (
	"bytes"
	"strconv"
)

// draw writes text, without its newline, to c as to a terminal. It ignores sequences that
// change no text: titles, modes, keys.
func (c *canvas) draw(text []byte) {
	for i := 0; i < len(text); {
		if n := printable(text[i:]); n > 0 {
			c.write(text[i : i+n])
			i += n
			continue
		}
		kind, size := introducer(text[i:])
		if kind == 0 {
			c.control(text[i])
			i++
			continue
		}
		end := i + size + sequence(kind, text[i+size:])
		c.sequence(kind, text[i+size:end])
		i = end
	}
}

// control takes a byte that is neither printable nor the beginning of a sequence.
func (c *canvas) control(b byte) {
	switch b {
	case '\r':
		c.column(0)
	case '\b':
		c.column(c.col - 1)
	default:
		if other := appendOther(nil, b); len(other) > 0 {
			c.put(string(other), 1)
		}
	}
}

// sequence takes ESC kind rest.
func (c *canvas) sequence(kind byte, rest []byte) {
	switch kind {
	case '[':
		if n := len(rest) - 1; n >= 0 {
			c.csi(rest[n], rest[:n])
		}
	case 'D', 'E':
		c.down(1)
		if kind == 'E' {
			c.col = 0
		}
	case 'M':
		c.up(1)
	case 'c', '8':
		c.apart()
	}
}

// csi takes ESC [ params final.
func (c *canvas) csi(final byte, params []byte) {
	if !isNumeric(params) {
		return // private
	}
	if final == 'm' {
		c.paint(string(params))
		return
	}
	first, _, _ := bytes.Cut(params, []byte{';'})
	n, _ := strconv.Atoi(string(first)) // one that is too large is the largest
	n = min(n, maxJump)
	if n == 0 && final != 'J' && final != 'K' {
		n = 1
	}
	switch final {
	case 'A', 'F':
		c.up(n)
	case 'B', 'e', 'E':
		c.down(n)
	case 'C', 'a':
		c.column(c.col + n)
	case 'D':
		c.column(c.col - n)
	case 'G', '`':
		c.column(n - 1)
	case 'H', 'f', 'd', 'u':
		c.apart()
	case 'J', 'K':
		c.clear(final, n)
	case 'P':
		c.shift(-n)
	case '@':
		c.shift(n)
	case 'X':
		c.erase(c.col, min(c.col+n, len(c.row().cells)))
	}
	if final == 'E' || final == 'F' {
		c.column(0)
	}
}

// clear takes ESC [ how J, of the screen, and ESC [ how K, of a row. Clearing the screen
// erases no text of the stream.
func (c *canvas) clear(final byte, how int) {
	width := len(c.row().cells)
	switch {
	case final == 'J' && how == 0:
		c.eraseBelow()
	case final == 'J':
	case how == 0:
		c.erase(c.col, width)
	case how == 1:
		c.erase(0, min(c.col+1, width))
	default:
		c.erase(0, width)
	}
}

// clearsScreen reports whether line begins by clearing the screen or by moving to its
// first column and row.
func clearsScreen(line []byte) bool {
	for len(line) > 0 && line[0] == 0x1b {
		kind, size := introducer(line)
		end := size + sequence(kind, line[size:])
		switch rest := string(line[size:end]); {
		case kind == 'c':
			return true
		case kind == '[' && (rest == "2J" || rest == "3J" || rest == "H" || rest == "f" || rest == "1;1H" || rest == "1;1f" || rest == ";H"):
			return true
		}
		line = line[end:]
	}
	return false
}
