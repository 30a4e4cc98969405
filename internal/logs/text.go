package logs

import "bytes"

const resetColour = "\x1b[0m"

// appendLine appends what a terminal shows of line, which is without its newline: a row
// for each one that line draws, behind head and ended by a newline. A row that shows
// nothing is left out, unless there is no other.
func appendLine(dst, head, line []byte, colour bool) []byte {
	start := len(dst)
	dst, state := appendOpen(append(dst, head...), line, colour)
	if !state.scattered {
		return append(state.end(dst), '\n')
	}
	dst = dst[:start]
	c := newCanvas()
	c.draw(line)
	for _, r := range c.rows {
		if len(r.cells) > 0 {
			dst = append(r.appendTo(append(dst, head...), colour), '\n')
		}
	}
	if len(dst) == start {
		dst = append(append(dst, head...), '\n')
	}
	return dst
}

// appendText appends what a terminal shows of text, in one line: without control
// characters and escape sequences, and what was written over is gone. With colour, the
// sequences that set colours stay, and are reset at the end.
func appendText(dst, text []byte, colour bool) []byte {
	start := len(dst)
	dst, state := appendOpen(dst, text, colour)
	if !state.scattered {
		return state.end(dst)
	}
	lines := appendLine(nil, nil, text, colour)
	return append(dst[:start], bytes.ReplaceAll(lines[:len(lines)-1], []byte{'\n'}, []byte{' '})...)
}

// visible reports whether a terminal shows anything of text. The last bytes of many
// programs only make the cursor visible again.
func visible(text []byte) bool { return len(appendText(nil, text, false)) > 0 }

// drawing is what appendOpen finds out about a text.
type drawing struct {
	// coloured says that a colour is to be reset.
	coloured bool
	// redrawn says that the text returns to the beginning of its line, if only as its
	// first or last byte: progress bars do.
	redrawn bool
	// scattered says that a terminal does not show the text in its order. appendOpen
	// stops where that begins.
	scattered bool
}

// redraws reports whether text moves the cursor back in its line, or to another.
func redraws(text []byte) bool {
	if plain(text) {
		return false
	}
	_, d := appendOpen(nil, text, false)
	return d.redrawn || d.scattered
}

func (d drawing) end(dst []byte) []byte {
	if d.coloured {
		dst = append(dst, resetColour...)
	}
	return dst
}

// appendOpen is appendText without the reset, for text whose characters a terminal
// shows in their order.
func appendOpen(dst, text []byte, colour bool) (out []byte, d drawing) {
	start := len(dst)
	if trimmed := bytes.TrimRight(text, "\r"); len(trimmed) < len(text) {
		text, d.redrawn = trimmed, true
	}
	for i := 0; i < len(text); {
		if n := printable(text[i:]); n > 0 {
			dst = append(dst, text[i:i+n]...)
			i += n
			continue
		}
		kind, size := introducer(text[i:])
		end := i + size
		if kind == 0 {
			end++
		} else {
			end += sequence(kind, text[end:])
		}
		rest := text[i+size : end]
		if kind == '[' && isColour(rest) {
			if colour {
				dst = append(append(dst, "\x1b["...), rest...)
				d.coloured = !isReset(rest)
			}
			i = end
			continue
		}
		back, scatters := motion(kind, rest, len(dst) == start)
		d.redrawn = d.redrawn || back
		if scatters {
			d.scattered = true
			return dst, d
		}
		if kind == 0 {
			dst = appendOther(dst, text[i])
		}
		i = end
	}
	return dst, d
}
