package config

import (
	"sort"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// source is the text of one file, without a byte order mark.
type source struct {
	// name is the file as users are shown it.
	name  string
	text  string
	lines []int // where each line begins
}

// span is a half-open range of bytes of a source.
type span struct{ start, end int }

func newSource(name string, data []byte) *source {
	s := &source{name: name, text: strings.TrimPrefix(string(data), byteOrderMark), lines: []int{0}}
	for i := range len(s.text) {
		if s.text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// pos returns where sp is. A span over several lines is underlined to the end of
// its first.
func (s *source) pos(sp span) Pos {
	start := min(max(sp.start, 0), len(s.text))
	line := sort.SearchInts(s.lines, start+1)
	text := s.line(line)
	from := min(start-s.lines[line-1], len(text))
	to := min(max(sp.end-s.lines[line-1], from), len(text))
	return Pos{
		File: s.name,
		Line: line,
		Col:  utf8.RuneCountInString(text[:from]) + 1,
		Len:  max(utf8.RuneCountInString(text[from:to]), 1),
	}
}

// line returns line n, counted from 1, without its end; "" where there is none.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	rest := s.text[s.lines[n-1]:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	return strings.TrimSuffix(rest, "\r")
}
