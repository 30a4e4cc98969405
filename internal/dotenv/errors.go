package dotenv

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is one place of a file that cannot be read as .env.
type Error struct {
	// Name is the file as the caller named it.
	Name string
	// Line and Col start at 1; Col counts characters.
	Line, Col int
	// Msg and Hint hold names at most, never a value or another part of the line:
	// it may be a secret. Hint says what to write instead; often empty.
	Msg, Hint string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Col, e.Msg)
}

// Errors are all the bad places of one file, in their order. Never empty when
// it is an error.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each place.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// errorAt returns an error at the byte off of text, whose first line is line
// firstLine of the file.
func errorAt(name, text string, off, firstLine int, msg, hint string) *Error {
	above := withNewlines(text[:off])
	start := strings.LastIndexByte(above, '\n') + 1
	return &Error{
		Name: name,
		Line: firstLine + strings.Count(above, "\n"),
		Col:  utf8.RuneCountInString(above[start:]) + 1,
		Msg:  msg,
		Hint: hint,
	}
}
