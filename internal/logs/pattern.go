package logs

import (
	"bytes"
	"regexp"
	"slices"
	"unicode/utf8"
)

// Pattern finds lines by what a terminal shows of them, without colours.
type Pattern struct {
	re *regexp.Regexp
	// Each match contains a text of each set of need. With fold they are lower case, and
	// only ASCII text can be searched for them.
	need [][][]byte
	fold bool
}

// NewPattern returns the Pattern of re.
func NewPattern(re *regexp.Regexp) *Pattern {
	p := &Pattern{re: re}
	p.need, p.fold = requiredLiterals(re.String())
	return p
}

// Match reports whether line, without its newline, contains a match.
func (p *Pattern) Match(line []byte) bool {
	if plain(line) {
		return p.matchText(line)
	}
	rows := appendLine(nil, nil, line, false)
	return slices.ContainsFunc(bytes.Split(rows[:len(rows)-1], []byte{'\n'}), p.matchText)
}

func (p *Pattern) matchText(text []byte) bool {
	return p.index(text) >= 0 && p.re.Match(text)
}

// index returns an offset in the first line of text that has a needed text of each set. It
// returns -1 if text has no match, and 0 if it may have one anywhere.
func (p *Pattern) index(text []byte) int {
	if p.need == nil {
		return 0
	}
	if p.fold {
		var short [256]byte
		lower, ascii := appendLower(short[:0], text)
		if !ascii {
			return 0
		}
		text = lower
	}
	// Where each set is found next; a set that is rare leads over lines with the others.
	var places [mostSets]int
	for i := range p.need {
		places[i] = -1
	}
	for line := 0; ; {
		far := line
		for i, set := range p.need {
			if places[i] < line {
				at := indexAny(text[line:], set)
				if at < 0 {
					return -1
				}
				places[i] = line + at
			}
			far = max(far, places[i])
		}
		next := bytes.LastIndexByte(text[:far], '\n') + 1
		if next <= line {
			return far
		}
		line = next
	}
}

// indexAny returns the offset of the first of texts in text; -1 is none.
func indexAny(text []byte, texts [][]byte) int {
	first := -1
	for _, literal := range texts {
		if i := bytes.Index(text, literal); i >= 0 {
			first, text = i, text[:min(len(text), i+len(literal))]
		}
	}
	return first
}

// appendLower appends text in lower case, and reports whether it is all ASCII.
func appendLower(dst, text []byte) (lower []byte, ascii bool) {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return nil, false
		}
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst, true
}

// search skips text in which a pattern has no match, faster than line by line.
type search struct {
	pattern *Pattern
	// keep is how many lines before a match are wanted too.
	keep int
	// window is how many bytes it searches at once: more where matches are rare.
	window int
	// paused says that each line is wanted now.
	paused bool
}

const leastWindow = 1 << 10

// pass returns buf without those first lines that surely have no match.
func (s *search) pass(buf []byte) []byte {
	if s.pattern == nil || s.pattern.need == nil || s.paused {
		return buf
	}
	for {
		s.window = max(s.window, leastWindow)
		n := s.pattern.unmatched(buf[:min(len(buf), s.window)], s.keep)
		if n == 0 {
			s.window = leastWindow
			return buf
		}
		buf, s.window = buf[n:], min(2*s.window, chunkSize)
	}
}

// unmatched returns the length of those first lines of buf that have no match, without
// the last keep of them. It leaves lines that are not plain to Match.
func (p *Pattern) unmatched(buf []byte, keep int) int {
	buf = buf[:plainPrefix(buf)]
	if i := p.index(buf); i >= 0 {
		buf = buf[:i]
	}
	end := bytes.LastIndexByte(buf, '\n') + 1
	for ; keep > 0 && end > 0; keep-- {
		end = bytes.LastIndexByte(buf[:end-1], '\n') + 1
	}
	return end
}

// Mark returns line with its matches in reverse video, on top of the colours it has.
func (p *Pattern) Mark(line []byte) []byte {
	c := newCanvas()
	c.draw(line)
	var out []byte
	for _, r := range c.rows {
		if len(r.cells) == 0 && len(c.rows) > 1 {
			continue
		}
		if out != nil {
			out = append(out, '\n')
		}
		r.mark(p.re.FindAllIndex(r.appendTo(nil, false), -1))
		out = r.appendTo(out, true)
	}
	return out
}

// mark reverses the cells whose text lies in one of spans, pairs of offsets.
func (r *row) mark(spans [][]int) {
	at := 0
	for i := range r.cells {
		end := at + len(r.cells[i].text)
		for len(spans) > 0 && spans[0][1] <= at {
			spans = spans[1:]
		}
		if len(spans) > 0 && end > spans[0][0] {
			r.cells[i].colour = reversed(r.cells[i].colour)
		}
		at = end
	}
}

func reversed(colour string) string {
	if colour == "" {
		return "7"
	}
	return colour + ";7"
}
