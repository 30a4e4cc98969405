package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxFile bounds a configuration; larger ones are something else by mistake.
const maxFile = 1 << 20

// parse reads a TOML file into nodes. Only the first mistake of syntax is found.
func parse(src *source) (*node, Mistakes) {
	if m, bad := notText(src); bad {
		return nil, Mistakes{m}
	}
	root, deep := scan(src.text)
	if deep != nil {
		return nil, Mistakes{{Pos: src.pos(*deep), Msg: fmt.Sprintf("this is nested more than %d deep", maxDepth)}}
	}
	var value any
	if err := decode(src.text, &value); err != nil {
		return nil, Mistakes{syntaxMistake(src, err)}
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

// syntaxMistake says what err, of the toml package, means, and where.
func syntaxMistake(src *source, err error) Mistake {
	bad, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return Mistake{Pos: Pos{File: src.name}, Msg: err.Error()}
	}
	m := Mistake{Pos: src.pos(syntaxSpan(src.text, bad)), Msg: plain(bad.Message)}
	if key, found := strings.CutSuffix(m.Msg, " has already been defined"); found {
		m.Hint = firstDefinition(src, m.Pos.Line, key)
		return m
	}
	m.Hint = syntaxHint(bad.Message)
	return m
}

// syntaxSpan is where err is, in whole characters and without the white space it
// may begin with. For a control character the parser names the one before.
func syntaxSpan(text string, err toml.ParseError) span {
	start := min(max(err.Position.Start, 0), len(text))
	end := min(start+err.Position.Len, len(text))
	if strings.Contains(err.Message, "control characters") {
		start, end = start+1, end+1
	}
	for start > 0 && start < len(text) && !utf8.RuneStart(text[start]) {
		start--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	for start+1 < min(end, len(text)) && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	return span{start, end}
}

// plain makes a message of the toml package sound like the rest of ours.
func plain(msg string) string {
	msg = strings.TrimSuffix(strings.TrimPrefix(msg, "TOML "), ".")
	if quoted := quotedKey().FindStringSubmatch(msg); quoted != nil {
		msg = fmt.Sprintf("key %q%s", quoted[1], quoted[2])
	}
	msg = plainEnds.Replace(msg)
	first, size := utf8.DecodeRuneInString(msg)
	return string(unicode.ToLower(first)) + msg[size:]
}

var plainEnds = strings.NewReplacer(
	"unexpected EOF; expected value", "the file ends before the value",
	"unexpected EOF; expected", "the file ends before",
	", or EOF", "",
	"newline, comment", "line end or a comment",
	"unexpected EOF", "unexpected end of the file",
	`found '\n' instead`, "found the end of the line",
	`got '\n' instead`, "got the end of the line",
	`got '\x00' instead`, "got the end of the file",
	"\n'", "'", // the parser quotes a line's end as it is
	"\n", " ",
)

var quotedKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^Key '(.*)'( .*)$`) })

// firstDefinition says where the key was defined before line.
func firstDefinition(src *source, line int, key string) string {
	p, _ := scan(src.text[:src.lines[line-1]])
	table := strings.TrimSuffix(strings.TrimPrefix(key, `key "`), `"`)
	for name := range strings.SplitSeq(table, ".") {
		if n := len(p.elements); n > 0 {
			p = p.elements[n-1]
		}
		if p = p.parts[name]; p == nil {
			return ""
		}
	}
	return fmt.Sprintf("it is on line %d already", src.pos(p.key).Line)
}

func syntaxHint(msg string) string {
	switch {
	case strings.HasPrefix(msg, `expected value but found "`):
		return "a string needs quotes"
	case strings.Contains(msg, "expected '.' or '=', but got ':'"):
		return `TOML writes key = "value"; a Procfile has "Procfile" in its name`
	case strings.Contains(msg, "expected '.' or '='"):
		return `TOML writes key = "value"`
	case strings.Contains(msg, "strings cannot contain newlines"):
		return `close the quote on this line, or use """ for several lines`
	case strings.Contains(msg, "invalid escape"):
		return `write \\ for a backslash, or put the text in single quotes`
	case strings.Contains(msg, "top-level item to end"):
		return "one key = value per line"
	}
	return ""
}
