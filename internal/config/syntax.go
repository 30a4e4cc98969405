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

// maxSyntax mistakes of syntax are looked for.
const maxSyntax = 10

// decodeAll is decode of the text of src, which goes on behind a statement that is
// wrong, where it is clear where that ends.
func decodeAll(src *source) (any, Mistakes) {
	var mistakes Mistakes
	for text := src.text; ; {
		var value any
		err := decode(text, &value)
		if err == nil {
			return value, mistakes
		}
		m := syntaxMistake(src, text, err)
		mistakes = append(mistakes, m)
		rest, ok := withoutStatement(text, src.lines, m.Pos.Line)
		if !ok || len(mistakes) == maxSyntax {
			return nil, mistakes
		}
		text = rest
	}
}

// withoutStatement blanks the statement that begins in line of text, or the table if
// it is a header. It is false where the line is part of something longer.
func withoutStatement(text string, lines []int, line int) (string, bool) {
	if line < 1 || decode(text[:lines[line-1]], new(any)) != nil {
		return "", false
	}
	begin := lines[line-1]
	after := func(n int) int {
		if n < len(lines) {
			return lines[n]
		}
		return len(text)
	}
	end := after(line)
	first := strings.TrimSpace(text[begin:end])
	switch {
	case strings.HasPrefix(first, "["):
		for next := line; next < len(lines) && !headerLine().MatchString(text[end:after(next+1)]); next++ {
			end = after(next + 1)
		}
	case strings.Count(first, "[") != strings.Count(first, "]"), strings.Count(first, "{") != strings.Count(first, "}"),
		strings.Contains(first, `"""`), strings.Contains(first, "'''"):
		return "", false
	}
	blank := []byte(text[begin:end])
	for i, c := range blank {
		if c != '\n' {
			blank[i] = ' '
		}
	}
	return text[:begin] + string(blank) + text[end:], true
}

var headerLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[ \t]*\[\[?[A-Za-z0-9_."' \t-]+\]\]?[ \t]*(#.*)?\r?\n?$`)
})

// syntaxMistake says what err, of the toml package about text, means, and where.
func syntaxMistake(src *source, text string, err error) Mistake {
	bad, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return Mistake{Pos: Pos{File: src.name}, Msg: err.Error()}
	}
	m := Mistake{Pos: src.pos(syntaxSpan(text, bad)), Msg: plain(bad.Message)}
	if key, found := strings.CutSuffix(m.Msg, " has already been defined"); found {
		m.Hint = firstDefinition(src, text, m.Pos.Line, key)
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
func firstDefinition(src *source, text string, line int, key string) string {
	p, _ := scan(text[:src.lines[line-1]])
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
