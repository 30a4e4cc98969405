package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// place is where a value stands in a source, and where its parts do.
type place struct {
	key, value span
	depth      int      // how many tables and arrays it is in
	names      []string // of parts, in the order of the file
	parts      map[string]*place
	elements   []*place
}

// maxDepth bounds how deep values may be nested. The toml package needs memory by
// the square of it.
const maxDepth = 64

// scan returns the places of a TOML text that the toml package accepts. It knows
// where things are, never what they mean: of any other text it makes something
// without use, but it always ends. deep is where it stopped at what is nested more
// than maxDepth, if so.
func scan(text string) (root *place, deep *span) {
	s := scanner{text: text}
	return s.file(), s.deep
}

func (s *scanner) file() *place {
	root := &place{}
	table := root
	for s.skipBlank(); s.at < len(s.text); s.skipBlank() {
		before := s.at
		if s.text[s.at] == '[' {
			table = s.header(root)
		} else {
			s.pair(table)
		}
		if s.at == before {
			return root
		}
	}
	return root
}

// part returns the part of p called name. Of an array of tables it is the last
// table's, as TOML wants it.
func (p *place) part(name string, key span) *place {
	if n := len(p.elements); n > 0 {
		p = p.elements[n-1]
	}
	if found := p.parts[name]; found != nil {
		return found
	}
	if p.parts == nil {
		p.parts = map[string]*place{}
	}
	found := &place{key: key, value: key, depth: p.depth + 1}
	p.parts[name] = found
	p.names = append(p.names, name)
	return found
}

type scanner struct {
	text string
	at   int
	deep *span
}

// tooDeep ends the scan where p, which begins at byte start, is nested too deep.
func (s *scanner) tooDeep(p *place, start int) bool {
	if p.depth <= maxDepth {
		return false
	}
	if s.deep == nil {
		s.deep = &span{start, start + 1}
	}
	s.at = len(s.text)
	return true
}

// header reads [a.b] or [[a.b]] and returns the table that it opens.
func (s *scanner) header(root *place) *place {
	s.at++
	array := s.accept('[')
	table := s.path(root)
	s.accept(']')
	if array {
		s.accept(']')
		element := &place{key: table.key, value: table.key, depth: table.depth + 1}
		table.elements = append(table.elements, element)
	}
	return table
}

// pair reads key = value into table.
func (s *scanner) pair(table *place) {
	p := s.path(table)
	s.skipSpace()
	s.accept('=')
	s.skipSpace()
	s.value(p)
}

// path reads a key, dotted or not, and returns its place below table.
func (s *scanner) path(table *place) *place {
	for {
		s.skipSpace()
		name, key := s.name()
		table = table.part(name, key)
		s.skipSpace()
		if s.tooDeep(table, key.start) || !s.accept('.') {
			table.key = key
			return table
		}
	}
}

// name reads one part of a key.
func (s *scanner) name() (string, span) {
	start := s.at
	if s.peek() == '"' || s.peek() == '\'' {
		s.quoted()
		return unquote(s.text[start:s.at]), span{start, s.at}
	}
	for s.at < len(s.text) && isBare(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at], span{start, s.at}
}

// unquote leaves the meaning of escapes to the toml package.
func unquote(name string) string {
	if strings.Contains(name, `\`) {
		var v struct{ K string }
		if _, err := toml.Decode("K = "+name, &v); err == nil {
			return v.K
		}
	}
	if len(name) < 2 {
		return name
	}
	return name[1 : len(name)-1]
}

func (s *scanner) value(p *place) {
	start := s.at
	if s.tooDeep(p, start) {
		return
	}
	switch s.peek() {
	case '"', '\'':
		s.quoted()
	case '[':
		s.array(p)
	case '{':
		s.inline(p)
	default:
		s.bare()
	}
	p.value = span{start, s.at}
}

func (s *scanner) array(p *place) {
	s.at++
	for s.skipBlank(); s.at < len(s.text) && !s.accept(']'); s.skipBlank() {
		before := s.at
		element := &place{depth: p.depth + 1}
		s.value(element)
		element.key = element.value
		p.elements = append(p.elements, element)
		s.skipBlank()
		s.accept(',')
		if s.at == before {
			return
		}
	}
}

func (s *scanner) inline(p *place) {
	s.at++
	for s.skipBlank(); s.at < len(s.text) && !s.accept('}'); s.skipBlank() {
		before := s.at
		s.pair(p)
		s.skipBlank()
		s.accept(',')
		if s.at == before {
			return
		}
	}
}

// bare reads a number, a boolean or a date, which may hold a space.
func (s *scanner) bare() {
	end := strings.IndexAny(s.text[s.at:], ",]}#\r\n")
	if end < 0 {
		end = len(s.text) - s.at
	}
	s.at += len(strings.TrimRight(s.text[s.at:s.at+end], " \t"))
}

// quoted reads a string of any of the four kinds.
func (s *scanner) quoted() {
	quote := s.text[s.at : s.at+1]
	if strings.HasPrefix(s.text[s.at:], quote+quote+quote) {
		s.multiline(quote[0])
		return
	}
	for s.at++; s.at < len(s.text) && !s.accept(quote[0]); s.at++ {
		if s.text[s.at] == '\\' && quote == `"` {
			s.at++
		}
	}
	s.at = min(s.at, len(s.text))
}

// multiline ends at three quotes, of which the text may have two more before.
func (s *scanner) multiline(quote byte) {
	run := 0
	for s.at += 3; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote && run == 4:
			s.at++
			return
		case c == quote:
			run++
			continue
		case run >= 3:
			return
		case c == '\\' && quote == '"':
			s.at++
		}
		run = 0
	}
	s.at = min(s.at, len(s.text))
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) accept(c byte) bool {
	if s.peek() != c || s.at >= len(s.text) {
		return false
	}
	s.at++
	return true
}

func (s *scanner) skipSpace() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.at++
	}
}

// skipBlank skips white space, line ends and comments.
func (s *scanner) skipBlank() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		case '#':
			end := strings.IndexByte(s.text[s.at:], '\n')
			if end < 0 {
				end = len(s.text) - s.at
			}
			s.at += end
		default:
			return
		}
	}
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}
