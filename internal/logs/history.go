package logs

import (
	"bytes"
	"io"
	"time"
)

// Cursor is a place in a service's log: how many bytes were ever written before
// it. It stays true when old segments are removed.
type Cursor int64

// history is the content of a log at one moment, open for reading.
type history struct {
	segs []*segment
	recs []record // of all segments, in order
}

func (s *Store) history(service string) (*history, error) {
	segs, err := s.segments(service)
	if err != nil {
		closeSegments(segs)
		return nil, err
	}
	h := &history{segs: segs}
	for _, g := range segs {
		h.recs = append(h.recs, g.recs...)
	}
	return h, nil
}

func (h *history) close() { closeSegments(h.segs) }

func (h *history) start() int64 {
	if len(h.segs) == 0 {
		return 0
	}
	return h.segs[0].base
}

func (h *history) end() int64 {
	if len(h.segs) == 0 {
		return 0
	}
	return h.segs[len(h.segs)-1].end()
}

// readAt reads from the segment that holds off: less than b at the segment's end, and
// nothing in a gap, whose length it returns.
func (h *history) readAt(b []byte, off int64) (n int, gap int64) {
	for _, g := range h.segs {
		if off >= g.end() {
			continue
		}
		if off < g.base {
			return 0, g.base - off
		}
		b = b[:min(int64(len(b)), g.end()-off)]
		n, err := g.log.ReadAt(b, off-g.base)
		if n == 0 && err == io.EOF { // Somebody has cut it meanwhile.
			return 0, g.end() - off
		}
		return n, 0
	}
	return 0, 0
}

// lineStart returns the offset of the last record up to the i-th that begins a line.
func (h *history) lineStart(i int) int64 {
	var b [1]byte
	for ; i > 0; i-- {
		if n, _ := h.readAt(b[:], h.recs[i].off-1); n == 1 && b[0] == '\n' {
			break
		}
	}
	return h.recs[i].off
}

// torn reports whether the oldest line kept has lost its beginning.
func (h *history) torn() bool { return len(h.recs) > 0 && h.recs[0].flags&flagTorn != 0 }

// scanner takes lines from a history. It holds one line and a chunk.
type scanner struct {
	h   *history
	buf []byte // read and not taken yet
	all []byte // what buf is in
	end int64  // the offset behind buf
	gap int64  // bytes that are missing behind buf
	rec int
	// search skips lines that do not match.
	search search
	// filled, unless nil, hears how far it has read, and says whether to go on.
	filled func(at int64) bool
}

func newScanner(h *history, from int64) *scanner {
	s := &scanner{h: h, end: max(from, h.start())}
	if s.end == h.start() && h.torn() {
		s.skip()
	}
	return s
}

// skip skips a line whose beginning is lost, unless nothing else is there.
func (s *scanner) skip() {
	from := s.end
	if _, ok := s.next(); !ok {
		s.end, s.buf, s.gap = from, nil, 0
	}
}

// at is the offset of the next byte to take.
func (s *scanner) at() int64 { return s.end - int64(len(s.buf)) }

// text is a line, without its end, valid until the next is taken.
type text struct {
	line       []byte
	start, end int64 // its offset, and the one behind its end
	rec        record
}

func (t text) asLine() Line {
	return Line{At: t.rec.time(), Run: t.rec.run, Text: t.line, Next: Cursor(t.end), start: Cursor(t.start)}
}

// next takes a whole line, or a piece of one that is longer than maxLine. Where
// bytes are missing, a line ends.
func (s *scanner) next() (text, bool) {
	for {
		s.buf = s.search.pass(s.buf)
		if i := bytes.IndexByte(s.buf[:min(len(s.buf), maxLine+1)], '\n'); i >= 0 {
			return s.take(i, i+1), true
		}
		if len(s.buf) > maxLine {
			if over := overwritten(s.buf[:maxLine]); over > 0 {
				s.buf = s.buf[over:]
				continue
			}
			n := cut(s.buf, maxLine)
			return s.take(n, n), true
		}
		if s.gap > 0 && len(s.buf) > 0 {
			return s.take(len(s.buf), len(s.buf)), true
		}
		if s.gap > 0 || !s.fill() {
			return text{}, false
		}
	}
}

// rest takes a line that has no newline yet, if a terminal shows anything of it.
func (s *scanner) rest() (text, bool) {
	if !visible(s.buf) {
		return text{}, false
	}
	return s.take(len(s.buf), len(s.buf)), true
}

func (s *scanner) take(n, whole int) text {
	t := text{line: bytes.TrimRight(s.buf[:n], "\r"), start: s.at(), end: s.at() + int64(whole)}
	s.buf = s.buf[whole:]
	recs := s.h.recs
	for s.rec+1 < len(recs) && recs[s.rec+1].off < t.end {
		s.rec++
	}
	if s.rec < len(recs) {
		t.rec = recs[s.rec]
	}
	return t
}

// missed skips a gap before the next line, and returns its length.
func (s *scanner) missed() int64 {
	gap := s.gap
	if len(s.buf) == 0 {
		s.end += gap
		s.gap = 0
		return gap
	}
	return 0
}

// fill reads a chunk behind buf.
func (s *scanner) fill() bool {
	if s.filled != nil && !s.filled(s.end) {
		return false
	}
	if s.all == nil {
		s.all = make([]byte, maxLine+chunkSize)
	}
	have := copy(s.all, s.buf)
	n, gap := s.h.readAt(s.all[have:min(len(s.all), have+chunkSize)], s.end)
	s.buf = s.all[:have+n]
	s.end += int64(n)
	s.gap = gap
	return n > 0 || gap > 0
}

func (r record) time() time.Time { return time.Unix(0, r.at) }
