package dotenv

import (
	"fmt"
	"strings"
)

const (
	// maxValue is the longest string Linux takes into an environment; it also
	// ends values that double themselves line by line.
	maxValue = 128 << 10
	// maxNesting bounds ${A:-${B:-…}}.
	maxNesting = 16
)

// value reads a value and what may follow it, up to the line end.
func (p *parser) value() (string, *Error) {
	if p.atLineEnd() {
		return "", nil
	}
	switch p.text[p.pos] {
	case '\'':
		return p.single()
	case '"':
		return p.double()
	}
	return p.unquoted()
}

// unquoted ends at the line end or at a # after white space. Blanks at its end
// are dropped unless a variable brought them.
func (p *parser) unquoted() (string, *Error) {
	var out []byte
	keep := 0
	for !p.atLineEnd() && !p.atComment() {
		literal := p.text[p.pos] != '$'
		blank := strings.IndexByte(blanks, p.text[p.pos]) >= 0
		if err := p.piece(&out, false, 0); err != nil {
			return "", err
		}
		if !literal || !blank {
			keep = len(out)
		}
	}
	return string(out[:keep]), nil
}

func (p *parser) atComment() bool {
	return p.text[p.pos] == '#' && p.pos > 0 && strings.IndexByte(blanks, p.text[p.pos-1]) >= 0
}

// single is literal and stays on its line.
func (p *parser) single() (string, *Error) {
	open := p.pos
	line, _, _ := strings.Cut(p.text[open+1:], "\n")
	value, _, closed := strings.Cut(line, "'")
	if !closed {
		return "", p.errorAt(open, "the single quote is not closed",
			"several lines or an apostrophe need double quotes")
	}
	p.pos = open + 1 + len(value) + 1
	return value, p.afterQuote(open)
}

// double has escapes and variables and may span lines; their ends are \n in the
// value, whatever they are in the file.
func (p *parser) double() (string, *Error) {
	open := p.pos
	p.pos++
	var out []byte
	for p.pos < len(p.text) {
		if p.text[p.pos] == '"' {
			p.pos++
			return string(out), p.afterQuote(open)
		}
		if err := p.piece(&out, true, 0); err != nil {
			return "", err
		}
	}
	return "", p.errorAt(open, "the double quote is not closed", "")
}

// afterQuote allows a comment after the quote opened at open.
func (p *parser) afterQuote(open int) *Error {
	at := p.pos
	p.skipBlanks()
	if p.atLineEnd() || p.atComment() {
		return nil
	}
	hint := "a comment needs a space before its #"
	if lines := strings.Count(p.text[open:at], "\n"); lines > 0 {
		hint = fmt.Sprintf("the quote opened on line %d", p.line)
	} else if p.text[p.pos] != '#' {
		hint = "put the whole value into the quotes"
	}
	return p.errorAt(p.pos, "text after the closing quote", hint)
}

// piece appends what the next character, escape or variable stands for.
func (p *parser) piece(out *[]byte, quoted bool, depth int) *Error {
	at, rest := p.pos, p.text[p.pos:]
	switch {
	case rest[0] == '$':
		value, err := p.variable(quoted, depth)
		if err != nil {
			return err
		}
		*out = append(*out, value...)
	case quoted && rest[0] == '\\' && len(rest) > 1 && escape(rest[1]) != 0:
		*out = append(*out, escape(rest[1]))
		p.pos += 2
	case quoted && strings.HasPrefix(rest, "\r\n"):
		p.pos++
	default:
		*out = append(*out, rest[0])
		p.pos++
	}
	if len(*out) > maxValue {
		return p.errorAt(at, fmt.Sprintf("the value is longer than %d KiB", maxValue>>10), "")
	}
	return nil
}

// escape is what \c stands for between double quotes, 0 when it is no escape
// and both characters stay. The backquote is there because sh needs it.
func escape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '"', '\\', '$', '`':
		return c
	}
	return 0
}

// variable reads $VAR, ${VAR} or ${VAR:-default}; any other $ is itself.
func (p *parser) variable(quoted bool, depth int) (string, *Error) {
	open := p.pos
	p.pos++
	if !strings.HasPrefix(p.text[p.pos:], "{") {
		if name := p.variableName(); name != "" {
			return p.resolve(name), nil
		}
		return "$", nil
	}
	p.pos++
	name := p.variableName()
	rest := p.text[p.pos:]
	switch {
	case name != "" && strings.HasPrefix(rest, "}"):
		p.pos++
		return p.resolve(name), nil
	case name != "" && strings.HasPrefix(rest, ":-"):
		p.pos += 2
		return p.withDefault(open, name, quoted, depth)
	}
	return "", p.errorAt(open, "cannot read this ${…}", "write ${VAR} or ${VAR:-default}, or quote it with '")
}

// withDefault reads the default and the closing brace. An empty variable takes
// the default too, as in sh.
func (p *parser) withDefault(open int, name string, quoted bool, depth int) (string, *Error) {
	if depth >= maxNesting {
		return "", p.errorAt(open, "too many ${…} inside one another", "")
	}
	var out []byte
	for p.pos < len(p.text) && p.text[p.pos] != '}' {
		if quoted && p.text[p.pos] == '"' || !quoted && p.atLineEnd() {
			break
		}
		if err := p.piece(&out, quoted, depth+1); err != nil {
			return "", err
		}
	}
	if p.pos >= len(p.text) || p.text[p.pos] != '}' {
		return "", p.errorAt(open, "the ${ is not closed", "")
	}
	p.pos++
	if value := p.resolve(name); value != "" {
		return value, nil
	}
	return string(out), nil
}

// variableName reads a variable's name; empty when there is none.
func (p *parser) variableName() string {
	from := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos]) {
		p.pos++
	}
	if name := p.text[from:p.pos]; IsName(name) {
		return name
	}
	p.pos = from
	return ""
}

func (p *parser) resolve(name string) string {
	if value, ok := p.lookup(name); ok {
		return value
	}
	return p.seen[name]
}
