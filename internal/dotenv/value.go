package dotenv

import (
	"fmt"
	"strings"
)

// maxValue is the longest string Linux takes into an environment; it also ends
// values that double themselves line by line.
const maxValue = 128 << 10

// value reads a value and what may follow it, up to the line end.
func (p *parser) value() (string, *Error) {
	if p.atLineEnd() {
		return "", nil
	}
	switch p.text[p.pos] {
	case '\'':
		return p.literal("single quote")
	case '`':
		return p.literal("backtick")
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
		written := p.text[p.pos] != '$'
		blank := strings.IndexByte(blanks, p.text[p.pos]) >= 0
		if err := p.piece(&out, false, 0); err != nil {
			return "", err
		}
		if !written || !blank {
			keep = len(out)
		}
	}
	return string(out[:keep]), nil
}

func (p *parser) atComment() bool {
	return p.text[p.pos] == '#' && p.pos > 0 && strings.IndexByte(blanks, p.text[p.pos-1]) >= 0
}

// literal reads up to the next quote of the same kind, which may be on another line.
// Nothing in between is special.
func (p *parser) literal(quote string) (string, *Error) {
	open := p.pos
	value, _, closed := strings.Cut(p.text[open+1:], p.text[open:open+1])
	if !closed {
		return "", p.neverClosed(open, quote)
	}
	p.pos = open + 1 + len(value) + 1
	if len(value) > maxValue {
		return "", p.tooLong(open)
	}
	return value, p.afterQuote(open)
}

// double has escapes and variables and may span lines.
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
			p.leaveDouble()
			return "", err
		}
	}
	return "", p.neverClosed(open, "double quote")
}

// leaveDouble moves to the closing quote after an error, so that the value's other
// lines are not read as statements.
func (p *parser) leaveDouble() {
	for ; p.pos < len(p.text) && p.text[p.pos] != '"'; p.pos++ {
		if p.text[p.pos] == '\\' {
			p.pos++
		}
	}
	p.pos = min(p.pos, len(p.text))
}

// neverClosed returns the one error of an unclosed quote and moves to the end, since
// the rest of the file is in that quote.
func (p *parser) neverClosed(open int, quote string) *Error {
	p.pos, p.unclosed = len(p.text), true
	return p.errorAt(open, "the "+quote+" is not closed", "a value that begins with a quote ends with the same one")
}

func (p *parser) tooLong(at int) *Error {
	return p.errorAt(at, fmt.Sprintf("the value is longer than %d KiB", maxValue>>10), "")
}

// afterQuote allows a comment after the quote opened at open.
func (p *parser) afterQuote(open int) *Error {
	at := p.pos
	p.skipBlanks()
	if p.atLineEnd() || p.atComment() {
		return nil
	}
	hint := "a comment needs a space before its #"
	if strings.Contains(p.text[open:at], "\n") {
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
	case rest[0] == '\\' && len(rest) > 1 && escape(rest[1], quoted) != 0:
		*out = append(*out, escape(rest[1], quoted))
		p.pos += 2
	default:
		*out = append(*out, rest[0])
		p.pos++
	}
	if len(*out) > maxValue {
		return p.tooLong(at)
	}
	return nil
}

// escape returns what \c stands for, or 0 when it is no escape and both characters
// stay. Outside of quotes only \$ is one, so that C:\new remains a path. \` is one
// because Format writes it for sh.
func escape(c byte, quoted bool) byte {
	switch {
	case c == '$':
		return c
	case !quoted:
		return 0
	case c == 'n':
		return '\n'
	case c == 'r':
		return '\r'
	case c == 't':
		return '\t'
	case c == '"' || c == '\\' || c == '`':
		return c
	}
	return 0
}
