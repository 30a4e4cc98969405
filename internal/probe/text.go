package probe

import (
	"bytes"
	"strings"
	"unicode"
)

// maxText is how many characters of a service's own words go into a message.
const maxText = 200

// plain makes bytes of a service fit to stand in a line for people: no escapes,
// no control characters, valid UTF-8, not too long.
func plain(b []byte) string {
	// Four bytes a character, and as much again for escapes in between.
	b = b[:min(len(b), 8*maxText)]
	text := strings.ToValidUTF8(string(withoutEscapes(b)), "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

// withoutEscapes takes out terminal escapes: colours, cursor moves, titles.
func withoutEscapes(b []byte) []byte {
	if bytes.IndexByte(b, esc) < 0 {
		return b
	}
	var out []byte
	for {
		i := bytes.IndexByte(b, esc)
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i+escapeLen(b[i:]):]
	}
}

const esc = 0x1b

// escapeLen is the length of the escape that b starts with; one cut short
// reaches to the end.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
		}
		return len(b)
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == '\a' {
				return i + 1
			}
			if b[i] == esc && i+1 < len(b) && b[i+1] == '\\' {
				return i + 2
			}
		}
		return len(b)
	}
	return 2
}
