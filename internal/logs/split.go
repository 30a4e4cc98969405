package logs

import (
	"bytes"
	"unicode/utf8"
)

// splitter turns chunks into blocks of whole lines. It holds at most maxLine
// bytes back between two chunks.
type splitter struct {
	// pending is the beginning of a line whose end has not come.
	pending []byte
}

// feed passes the whole lines of buf on and keeps the rest. buf is pending with
// the next chunk behind it, and has room for one byte more. A line longer than
// maxLine is passed on in pieces, each with a newline of its own.
func (s *splitter) feed(buf []byte, emit func(block []byte)) {
	buf = emitPieces(buf, emit)
	if end := bytes.LastIndexByte(buf, '\n') + 1; end > 0 {
		emit(buf[:end])
		buf = buf[end:]
	}
	s.keep(buf)
}

// emitPieces passes on the beginning of a first line that is too long, and
// returns what is left: a line within the limit, ended or not. What such a line has
// itself written over, as a bar does that runs for hours, is left out.
func emitPieces(buf []byte, emit func(block []byte)) []byte {
	for len(buf) > maxLine {
		if i := bytes.IndexByte(buf[:maxLine+1], '\n'); i >= 0 {
			break
		}
		if over := overwritten(buf[:maxLine]); over > 0 {
			buf = buf[over:]
			continue
		}
		n := cut(buf, maxLine)
		emitEnded(buf[:n], emit)
		buf = buf[n:]
	}
	return buf
}

// overwritten returns the length of what line has itself overwritten by returning to its
// beginning.
func overwritten(line []byte) int {
	begun := bytes.LastIndexByte(bytes.TrimRight(line, "\r"), '\r')
	for _, column := range []string{"\x1b[G", "\x1b[0G", "\x1b[1G"} {
		begun = max(begun, bytes.LastIndex(line, []byte(column)))
	}
	return max(0, begun)
}

// emitEnded passes b on as a line. The newline borrows the byte behind b.
func emitEnded(b []byte, emit func(block []byte)) {
	line := b[:len(b)+1]
	lent := line[len(b)]
	line[len(b)] = '\n'
	emit(line)
	line[len(b)] = lent
}

// keep makes rest the pending line, and frees the memory of a long one that has ended.
func (s *splitter) keep(rest []byte) {
	if len(rest) == 0 && cap(s.pending) > 4<<10 {
		s.pending = nil
		return
	}
	s.pending = append(s.pending[:0], rest...)
}

// cut returns the largest length up to limit (below len(b)) at which b can be
// cut without splitting a UTF-8 character.
func cut(b []byte, limit int) int {
	for n := limit; n > 0 && n > limit-utf8.UTFMax; n-- {
		if !utf8.RuneStart(b[n]) {
			continue
		}
		if _, size := utf8.DecodeRune(b[n:]); n+size > limit || n == limit {
			return n
		}
		break
	}
	return limit
}

// trimTorn returns b without a UTF-8 character at its end that is not complete.
func trimTorn(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}
