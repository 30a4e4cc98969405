package logs

import "bytes"

// Unfinished returns the line that is unfinished when chunk has followed open, which is
// changed: the last most bytes of it.
func Unfinished(open, chunk []byte, most int) []byte {
	if i := bytes.LastIndexByte(chunk, '\n'); i >= 0 {
		open, chunk = open[:0], chunk[i+1:]
	}
	if over := len(open) + len(chunk) - most; over > 0 {
		kept := min(over, len(open))
		open = append(open[:0], open[kept:]...)
		chunk = chunk[over-kept:]
	}
	return append(open, chunk...)
}

// Shown returns what a terminal shows of line, with its colours: nothing in it moves the
// cursor, changes a mode or asks the terminal something.
func Shown(line []byte) []byte { return appendText(nil, trimTorn(line), true) }
