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
	// runes counts the characters before every markEvery'th byte, so that a place far
	// into a long line costs no more than one at its beginning.
	runes []int
}

const markEvery = 512

// span is a half-open range of bytes of a source.
type span struct{ start, end int }

func newSource(name string, data []byte) *source {
	s := &source{name: name, text: strings.TrimPrefix(string(data), byteOrderMark), lines: []int{0}}
	count := 0
	for i := range len(s.text) {
		if i%markEvery == 0 {
			s.runes = append(s.runes, count)
		}
		if s.text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
		if utf8.RuneStart(s.text[i]) {
			count++
		}
	}
	return s
}

// runesBefore counts the characters before byte at.
func (s *source) runesBefore(at int) int {
	if at == 0 {
		return 0
	}
	mark := (at - 1) / markEvery
	count := s.runes[mark]
	for i := mark * markEvery; i < at; i++ {
		if utf8.RuneStart(s.text[i]) {
			count++
		}
	}
	return count
}

// pos returns where sp is. A span over several lines is underlined to the end of
// its first.
func (s *source) pos(sp span) Pos {
	start := min(max(sp.start, 0), len(s.text))
	line := sort.SearchInts(s.lines, start+1)
	begin := s.lines[line-1]
	end := begin + len(s.line(line))
	from := min(start, end)
	to := min(max(sp.end, from), end)
	col := s.runesBefore(from)
	return Pos{
		File: s.name,
		Line: line,
		Col:  col - s.runesBefore(begin) + 1,
		Len:  max(s.runesBefore(to)-col, 1),
	}
}

// line returns line n, counted from 1, without its end; "" where there is none.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	end := len(s.text)
	if n < len(s.lines) {
		end = s.lines[n] - 1
	}
	return strings.TrimSuffix(s.text[s.lines[n-1]:end], "\r")
}
