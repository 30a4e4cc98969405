// Package dotenv reads .env files and keeps lhrun's marked block in them.
package dotenv

import (
	"fmt"
	"slices"
	"strings"
)

// Entry is one variable of a file. Line is where it starts.
type Entry struct {
	Key, Value string
	Line       int
}

// bom is what some editors put before UTF-8.
const bom = "\uFEFF"

// ReadFile parses the file at path, which errors name as given. A missing file
// is an error that wraps fs.ErrNotExist; bad lines are Errors.
func ReadFile(path string, lookup func(key string) (string, bool)) ([]Entry, error) {
	data, err := Read(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, err)
	}
	return Parse(path, data, lookup)
}

// Parse reads the text of a .env file; lhrun's own block in it is skipped.
//
// Entries come in the order of the file, duplicates included: the later one
// wins. $VAR and ${VAR} are what lookup says, since the environment wins over
// .env, else the entry above, else empty; lookup may be nil. The error is
// Errors with every bad line; the entries of the good ones are returned beside it.
func Parse(name string, data []byte, lookup func(key string) (string, bool)) ([]Entry, error) {
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	p := &parser{name: name, lookup: lookup, seen: map[string]string{}}
	if isUTF16(data) {
		p.errs = Errors{{Name: name, Line: 1, Col: 1, Msg: "the file is UTF-16", Hint: "save it as UTF-8"}}
		return nil, p.errs
	}
	text := strings.TrimPrefix(string(data), bom)
	block, err := findBlock(name, text)
	if err != nil {
		p.errs = append(p.errs, err)
	}
	p.part(text[:block.start], 1)
	p.part(text[block.end:], 1+strings.Count(text[:block.end], "\n"))
	if len(p.errs) == 0 {
		return p.entries, nil
	}
	slices.SortStableFunc(p.errs, func(a, b *Error) int { return a.Line - b.Line })
	return p.entries, p.errs
}

func isUTF16(data []byte) bool {
	return len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF)
}

// parser walks over one part of a file: what is above or below the block.
type parser struct {
	name   string
	lookup func(string) (string, bool)

	// text is the part, pos the byte to read next; start and line are where the
	// statement being read begins.
	text  string
	pos   int
	start int
	line  int

	entries []Entry
	seen    map[string]string
	errs    Errors
}

// part reads text, whose first line is line number line.
func (p *parser) part(text string, line int) {
	p.text, p.pos, p.line = text, 0, line
	for p.pos < len(p.text) {
		p.start = p.pos
		if err := p.statement(); err != nil {
			// A quote that never closes must not take the lines below with it.
			p.report(err)
			p.pos = p.start
		}
		p.skipLine()
		p.line += strings.Count(p.text[p.start:p.pos], "\n")
	}
}

// report keeps one error a line: a second one only follows from the first.
func (p *parser) report(err *Error) {
	if n := len(p.errs); n == 0 || p.errs[n-1].Line != err.Line {
		p.errs = append(p.errs, err)
	}
}

// statement reads one KEY=value, a comment or an empty line, up to its line end.
func (p *parser) statement() *Error {
	p.skipBlanks()
	if p.atLineEnd() || p.text[p.pos] == '#' {
		return nil
	}
	at := p.pos
	key, err := p.key()
	if err != nil {
		return err
	}
	value, err := p.value()
	if err != nil {
		return err
	}
	if strings.IndexByte(value, 0) >= 0 {
		return p.errorAt(at, "a variable cannot hold a NUL byte", "")
	}
	p.entries = append(p.entries, Entry{Key: key, Value: value, Line: p.line})
	p.seen[key] = value
	return nil
}

// key reads up to the value, over "export", the = and the blanks around it.
func (p *parser) key() (string, *Error) {
	at := p.pos
	line, _, _ := strings.Cut(p.text[p.pos:], "\n")
	left, _, found := strings.Cut(line, "=")
	if !found {
		return "", p.errorAt(at, "expected KEY=value", hintNoEqual(line))
	}
	p.pos += len(left) + 1
	p.skipBlanks()

	key := strings.TrimRight(left, blanks)
	if rest, ok := strings.CutPrefix(key, "export"); ok && rest != "" && strings.IndexByte(blanks, rest[0]) >= 0 {
		key = strings.TrimLeft(rest, blanks)
		at += len(left) - len(strings.TrimLeft(left[len("export"):], blanks))
	}
	switch {
	case key == "":
		return "", p.errorAt(at, "no name before the =", "")
	case !IsName(key):
		return "", p.errorAt(at, fmt.Sprintf("%q is no name of a variable", key),
			"a name has letters, digits and _, and no digit first")
	}
	return key, nil
}

func hintNoEqual(line string) string {
	word := strings.TrimRight(line, blanks)
	if key, _, ok := strings.Cut(word, ":"); ok && IsName(key) {
		return fmt.Sprintf("did you mean %s=…?", key)
	}
	if IsName(word) {
		return fmt.Sprintf("%s= makes it empty", word)
	}
	return ""
}

// blanks are white space within a line. \r is one, so CRLF needs no care.
const blanks = " \t\r\v\f"

func (p *parser) skipBlanks() {
	rest := p.text[p.pos:]
	p.pos += len(rest) - len(strings.TrimLeft(rest, blanks))
}

func (p *parser) skipLine() {
	if i := strings.IndexByte(p.text[p.pos:], '\n'); i >= 0 {
		p.pos += i + 1
		return
	}
	p.pos = len(p.text)
}

func (p *parser) atLineEnd() bool {
	return p.pos >= len(p.text) || p.text[p.pos] == '\n'
}

func (p *parser) errorAt(off int, msg, hint string) *Error {
	return errorAt(p.name, p.text[p.start:], off-p.start, p.line, msg, hint)
}

// IsName reports whether every shell can hold a variable of this name.
func IsName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
