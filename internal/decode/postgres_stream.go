package decode

import (
	"encoding/binary"
	"time"
)

// A postgresStream cuts one direction into messages, from any pieces.
type postgresStream struct {
	untyped bool // the next message has no type, as the first of a connection
	head    [5]byte
	nhead   int
	kind    byte
	size    int64 // of the body
	left    int64 // of it still to come
	keep    int   // of it kept
	buf     []byte
	body    []byte // the beginning of the whole message's body
	began   time.Time
}

// next reads from p up to the end of a message. limit says how much of a body is kept.
func (s *postgresStream) next(p []byte, at time.Time, limit func(kind byte, size int64) (int, string)) (n int, whole bool, trouble string) {
	want := 5
	if s.untyped {
		want = 4
	}
	if s.nhead < want {
		if s.nhead == 0 {
			s.began = at
		}
		n = copy(s.head[s.nhead:want], p)
		if s.nhead += n; s.nhead < want {
			return n, false, ""
		}
		s.kind = 0
		if !s.untyped {
			s.kind = s.head[0]
		}
		s.size = int64(int32(binary.BigEndian.Uint32(s.head[want-4:want]))) - 4
		if s.size < 0 || s.size > 1<<30 {
			return n, false, "a message of an impossible length"
		}
		if s.keep, trouble = limit(s.kind, s.size); trouble != "" {
			return n, false, trouble
		}
		s.left, s.buf = s.size, s.buf[:0]
		p = p[n:]
	}
	took := int(min(s.left, int64(len(p))))
	piece := p[:took]
	s.left -= int64(took)
	n += took
	if s.left == 0 && int64(took) == s.size {
		s.body = piece[:min(len(piece), s.keep)]
	} else {
		s.buf = keep(s.buf, piece, s.keep)
		s.body = s.buf
	}
	if s.left > 0 {
		return n, false, ""
	}
	s.nhead = 0
	return n, true, ""
}

// partial is how many bytes of a message have been read that is not whole.
func (s *postgresStream) partial() int64 {
	if n := s.wire() - s.size; int64(s.nhead) < n || s.nhead == 0 {
		return int64(s.nhead)
	}
	return s.wire() - s.left
}

// wire is how many bytes the message took.
func (s *postgresStream) wire() int64 {
	if s.kind == 0 {
		return s.size + 4
	}
	return s.size + 5
}

// A postgresBody is read from its front; what is not there reads as zero.
type postgresBody []byte

func (b *postgresBody) bytes(n int) []byte {
	n = max(0, min(n, len(*b)))
	p := (*b)[:n]
	*b = (*b)[n:]
	return p
}

func (b *postgresBody) int16() int {
	if p := b.bytes(2); len(p) == 2 {
		return int(int16(binary.BigEndian.Uint16(p)))
	}
	return 0
}

func (b *postgresBody) int32() int {
	if p := b.bytes(4); len(p) == 4 {
		return int(int32(binary.BigEndian.Uint32(p)))
	}
	return 0
}

// text reads up to a zero byte.
func (b *postgresBody) text() []byte {
	for i, c := range *b {
		if c == 0 {
			p := (*b)[:i]
			*b = (*b)[i+1:]
			return p
		}
	}
	return b.bytes(len(*b))
}
