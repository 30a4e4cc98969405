// Package dotenv reads .env files and keeps lhrun's marked block in them.
package dotenv

import (
	"slices"
	"strings"
)

// Entry is one variable of a file. Line is where it starts.
type Entry struct {
	Key, Value string
	Line       int
}

// File is what a .env file says.
type File struct {
	// Entries come in the order of the file, duplicates included: the later one
	// wins.
	Entries []Entry
	Remarks []Remark
}

// Remark says what the author of the file should know about one of its lines. It
// never holds a value.
type Remark struct {
	Line int
	Text string
}

// Lookup returns the value of a variable; ok says whether it is set. In a nil Lookup
// none is.
type Lookup func(key string) (value string, ok bool)

func (l Lookup) lookup(key string) (string, bool) {
	if l == nil {
		return "", false
	}
	return l(key)
}

// Scope is where a $VAR is looked up besides the entries above it: first in Over, then
// in these entries, then in Under.
type Scope struct{ Over, Under Lookup }

// bom is what some editors put before UTF-8.
const bom = "\uFEFF"

// Parse reads the text of a .env file and skips lhrun's own block in it. The error is
// Errors with every bad line; the File then holds the entries of the good ones.
func Parse(name string, data []byte, scope Scope) (*File, error) {
	p := &parser{name: name, scope: scope, seen: map[string]string{}}
	if isUTF16(data) {
		return &p.file, Errors{{Name: name, Line: 1, Col: 1, Msg: "the file is UTF-16", Hint: "save it as UTF-8"}}
	}
	text := withNewlines(strings.TrimPrefix(string(data), bom))
	block, err := findBlock(name, text)
	if err != nil {
		p.errs = append(p.errs, err)
	}
	p.part(text[:block.start], 1)
	if !p.unclosed {
		p.part(text[block.end:], 1+strings.Count(text[:block.end], "\n"))
	}
	if len(p.errs) == 0 {
		return &p.file, nil
	}
	slices.SortStableFunc(p.errs, func(a, b *Error) int { return a.Line - b.Line })
	return &p.file, p.errs
}

func isUTF16(data []byte) bool {
	return len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF)
}

// withNewlines returns text with \n in place of \r\n and of a lone \r, each of
// which ends a line too.
func withNewlines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

// parser walks over one part of a file: what is above or below the block.
type parser struct {
	name  string
	scope Scope

	// text is the part, pos the byte to read next; start and line are where the
	// statement being read begins, key is its name once that is known.
	text  string
	pos   int
	start int
	line  int
	key   string
	// unclosed says that a quote goes to the end of the file.
	unclosed bool
	// skipping is above 0 in an operand of ${…} that is not used: a variable in it
	// may be unset.
	skipping int

	seen map[string]string
	file File
	errs Errors
}

// part reads text, whose first line is line number line.
func (p *parser) part(text string, line int) {
	p.text, p.pos, p.line = text, 0, line
	for p.pos < len(p.text) {
		p.start, p.key = p.pos, ""
		if err := p.statement(); err != nil {
			p.report(err)
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
// After an error, pos is on the last line of the value: the lines of a quoted value
// must not be read as statements.
func (p *parser) statement() *Error {
	p.skipBlanks()
	if p.atLineEnd() || p.text[p.pos] == '#' {
		return nil
	}
	at := p.pos
	if err := p.readKey(); err != nil {
		return err
	}
	value, err := p.value()
	if err != nil {
		return err
	}
	if strings.IndexByte(value, 0) >= 0 {
		return p.errorAt(at, "a variable cannot hold a NUL byte", "")
	}
	p.file.Entries = append(p.file.Entries, Entry{Key: p.key, Value: value, Line: p.line})
	p.seen[p.key] = value
	return nil
}

// readKey reads up to the value, over "export", the = and the blanks around it.
// Its errors do not show the line, which may be part of a private key.
func (p *parser) readKey() *Error {
	at := p.pos
	line, _, _ := strings.Cut(p.text[p.pos:], "\n")
	left, _, found := strings.Cut(line, "=")
	if !found {
		return p.errorAt(at, "expected KEY=value", "a line is KEY=value, or a comment after #")
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
		return p.errorAt(at, "no name before the =", "")
	case !IsKey(key):
		return p.errorAt(at, "what is before the = cannot be the name of a variable",
			"a name has letters, digits, _, . and -")
	}
	p.key = key
	return nil
}

// blanks are white space within a line.
const blanks = " \t\v\f"

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

// errorAt returns an error at the byte off of text, which names the variable
// whose value is being read.
func (p *parser) errorAt(off int, msg, hint string) *Error {
	if p.key != "" {
		msg = p.key + ": " + msg
	}
	return errorAt(p.name, p.text[p.start:], off-p.start, p.line, msg, hint)
}
