package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxFile bounds a configuration; larger ones are something else by mistake.
const maxFile = 1 << 20

// parse reads a TOML file into nodes.
func parse(src *source) (*node, Mistakes) {
	if m, bad := notText(src); bad {
		return nil, Mistakes{m}
	}
	root, deep := scan(src.text)
	if deep != nil {
		return nil, Mistakes{{Pos: src.pos(*deep), Msg: fmt.Sprintf("this is nested more than %d deep", maxDepth)}}
	}
	value, mistakes := decodeAll(src)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return join(src, value, root), nil
}

// decode turns a panic of the parser, which its own tests look for, into an error.
func decode(text string, value *any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the TOML parser gave up: %v", r)
		}
	}()
	_, err = toml.Decode(text, value)
	return err
}

// notText finds what no editor meant to write.
func notText(src *source) (Mistake, bool) {
	whole := Pos{File: src.name}
	switch {
	case len(src.text) > maxFile:
		return Mistake{Pos: whole, Msg: "the file is larger than 1 MiB"}, true
	case strings.HasPrefix(src.text, "\xff\xfe"), strings.HasPrefix(src.text, "\xfe\xff"):
		return Mistake{Pos: whole, Msg: "the file is in UTF-16", Hint: "save it as UTF-8"}, true
	case strings.HasPrefix(src.text, byteOrderMark):
		return Mistake{Pos: whole, Msg: "the file begins with two byte order marks"}, true
	case !utf8.ValidString(src.text):
		at := invalidByte(src.text)
		pos := src.pos(span{at, at + 1})
		return Mistake{Pos: pos, Msg: fmt.Sprintf("the byte 0x%02x is not UTF-8", src.text[at])}, true
	}
	return Mistake{}, false
}

func invalidByte(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return 0
}
