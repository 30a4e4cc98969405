package dotenv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// Error is one place of a file that cannot be read as .env.
type Error struct {
	// Name is the file as the caller named it.
	Name string
	// Line and Col start at 1; Col counts characters.
	Line, Col int
	Msg       string
	// Hint says what to write instead; often empty.
	Hint string
	// Source is the whole line, which may hold a secret: for the user's own
	// terminal only.
	Source string
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

// errorAt describes the byte at off of text, whose first line is line firstLine
// of the file.
func errorAt(name, text string, off, firstLine int, msg, hint string) *Error {
	start := strings.LastIndexByte(text[:off], '\n') + 1
	source, _, _ := strings.Cut(text[start:], "\n")
	return &Error{
		Name:   name,
		Line:   firstLine + strings.Count(text[:off], "\n"),
		Col:    utf8.RuneCountInString(text[start:off]) + 1,
		Msg:    msg,
		Hint:   hint,
		Source: strings.TrimSuffix(source, "\r"),
	}
}

// cause takes the operation and the path off an error of package os, since the
// message around it names the file already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
