package decode

import (
	"bytes"
	"math"
)

// What a body does next.
type bodyState int

const (
	bodyDone bodyState = iota
	bodyLength
	bodyClose
	chunkSize
	chunkExtension
	chunkData
	chunkEnd
	chunkTrailers
)

// A body finds the content of an HTTP/1 message, and its end.
type body struct {
	state bodyState
	left  int64 // of the content, or of the chunk
	digit bool  // a chunk's size has one
	// trailers are the lines after the last chunk once all are there, good until the
	// next call.
	trailers []byte
	lines    block
}

// open starts a body of length bytes, chunked, or without either up to the end.
func (b *body) open(length int64, chunked bool) {
	b.left, b.digit, b.trailers = length, false, nil
	switch {
	case chunked:
		b.state, b.left = chunkSize, 0
	case length < 0:
		b.state, b.left = bodyClose, math.MaxInt64
	case length == 0:
		b.state = bodyDone
	default:
		b.state = bodyLength
	}
}

// next takes n > 0 bytes of p, of which data are content. It is wrong (n < 0) where no
// chunk is, or trailers have more than limit bytes.
func (b *body) next(p []byte, limit int) (data []byte, n int) {
	switch b.state {
	case bodyLength, bodyClose, chunkData:
		return b.content(p)
	case chunkSize:
		return nil, b.size(p)
	case chunkExtension:
		n := bytes.IndexByte(p, '\n') + 1
		if n == 0 {
			return nil, len(p)
		}
		b.sized()
		return nil, n
	case chunkEnd:
		if p[0] == '\n' {
			b.state = chunkSize
		} else if p[0] != '\r' {
			return nil, -1
		}
		return nil, 1
	default: // chunkTrailers
		whole, n := b.lines.next(p, limit)
		if whole != nil {
			b.trailers, b.state = whole, bodyDone
		}
		return nil, n
	}
}

func (b *body) content(p []byte) ([]byte, int) {
	n := len(p)
	if int64(n) >= b.left {
		n = int(b.left)
	}
	b.left -= int64(n)
	if b.left == 0 {
		if b.state == chunkData {
			b.state, b.digit = chunkEnd, false
		} else {
			b.state = bodyDone
		}
	}
	return p[:n], n
}

// size reads the digits of a chunk's size and what ends them.
func (b *body) size(p []byte) int {
	for i, c := range p {
		var digit int64
		switch {
		case isDigit(c):
			digit = int64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			digit = int64(c|0x20-'a') + 10
		case !b.digit:
			return -1
		case c == '\n':
			b.sized()
			return i + 1
		case c == '\r' || c == ';' || c == ' ' || c == '\t':
			b.state = chunkExtension
			return i + 1
		default:
			return -1
		}
		if b.left >= 1<<58 {
			return -1
		}
		b.left, b.digit = b.left<<4|digit, true
	}
	return len(p)
}

// sized goes on after the line of a chunk's size.
func (b *body) sized() {
	b.state = chunkData
	if b.left == 0 {
		b.state = chunkTrailers
		b.lines.drop()
	}
}
