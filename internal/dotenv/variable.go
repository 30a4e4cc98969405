package dotenv

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// maxNesting bounds ${A:-${B:-…}}.
const maxNesting = 16

// operators may follow the name in ${…}. No operator begins with an earlier one.
var operators = [...]string{":-", ":?", ":+", "-"}

// variable reads $VAR or ${…}; any other $ is itself.
func (p *parser) variable(quoted bool, depth int) (string, *Error) {
	open := p.pos
	p.pos++
	if !strings.HasPrefix(p.text[p.pos:], "{") {
		if name := p.variableName(false); name != "" {
			return p.mustResolve(name, open), nil
		}
		return "$", nil
	}
	p.pos++
	name := p.variableName(true)
	if name != "" && strings.HasPrefix(p.text[p.pos:], "}") {
		p.pos++
		return p.mustResolve(name, open), nil
	}
	for _, operator := range operators {
		if name != "" && strings.HasPrefix(p.text[p.pos:], operator) {
			p.pos += len(operator)
			return p.operation(open, name, operator, quoted, depth)
		}
	}
	return "", p.errorAt(open, "cannot read this ${…}",
		"it is ${VAR}, or ${VAR…} with :-default, -default, :?message or :+other; between '…' it is text")
}

// operation reads the operand and the closing brace, and applies operator.
func (p *parser) operation(open int, name, operator string, quoted bool, depth int) (string, *Error) {
	value, set := p.resolve(name)
	takes := value == ""
	switch operator {
	case "-":
		takes = !set
	case ":+":
		takes = value != ""
	}
	from := p.pos
	operand, err := p.operand(open, quoted, depth, takes && operator != ":?")
	switch {
	case err != nil:
		return "", err
	case takes && operator == ":?" && p.skipping == 0:
		return "", p.missing(open, name, set, p.text[from:p.pos-1])
	case takes && operator != ":?":
		return operand, nil
	case operator == ":+":
		return "", nil
	}
	return value, nil
}

// operand reads what stands between the operator and the closing brace.
func (p *parser) operand(open int, quoted bool, depth int, taken bool) (string, *Error) {
	if depth >= maxNesting {
		return "", p.errorAt(open, "too many ${…} inside one another", "")
	}
	if !taken {
		p.skipping++
		defer func() { p.skipping-- }()
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
	return string(out), nil
}

// longestMessage bounds how much of a :?message is shown, in characters.
const longestMessage = 200

// missing returns the error of ${VAR:?message}. It shows the message as written, with
// no variable expanded.
func (p *parser) missing(open int, name string, set bool, message string) *Error {
	msg := name + " is not set"
	if set {
		msg = name + " is empty"
	}
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	if message != "" {
		msg += ": " + strings.Map(visible, fmt.Sprintf("%.*s", longestMessage, message))
	}
	return p.errorAt(open, msg, "")
}

// visible keeps a file from steering the terminal that shows its message.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// variableName reads a variable's name; "" when there is none. In braces it may
// have dots.
func (p *parser) variableName(braced bool) string {
	from := p.pos
	for p.pos < len(p.text) && (isNameByte(p.text[p.pos]) || braced && p.text[p.pos] == '.') {
		p.pos++
	}
	name := p.text[from:p.pos]
	if name == "" || isDigit(name[0]) {
		p.pos = from
		return ""
	}
	return name
}

func (p *parser) resolve(name string) (string, bool) {
	if value, ok := p.scope.Over.lookup(name); ok {
		return value, true
	}
	if value, ok := p.seen[name]; ok {
		return value, true
	}
	return p.scope.Under.lookup(name)
}

// mustResolve returns the value of a variable, and notes a remark where nobody sets
// it; open is where its $ is.
func (p *parser) mustResolve(name string, open int) string {
	value, ok := p.resolve(name)
	if ok || p.skipping > 0 {
		return value
	}
	r := Remark{
		Line: p.line + strings.Count(p.text[p.start:open], "\n"),
		Text: fmt.Sprintf("$%s is not set and reads as empty; write it in '…' to keep the dollar", unrevealing(name)),
	}
	if !slices.Contains(p.file.Remarks, r) {
		p.file.Remarks = append(p.file.Remarks, r)
	}
	return ""
}

// longestPlain is the length of the longest usual names of variables.
const longestPlain = 40

// unrevealing returns name, shortened where it looks like part of a password or a
// hash: when it is very long, or mixes lower case, upper case and digits.
func unrevealing(name string) string {
	var lower, upper, digit bool
	for i := range len(name) {
		lower, upper, digit = lower || isLower(name[i]), upper || isUpper(name[i]), digit || isDigit(name[i])
	}
	if len(name) <= longestPlain && !(lower && upper && digit) {
		return name
	}
	return name[:min(3, len(name))] + "…"
}
