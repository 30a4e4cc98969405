package traffic

import (
	"bytes"
	"encoding/json"

	"github.com/lhrun/lhrun/internal/mask"
)

// deepestJSON is how often JSON is looked for within a string of JSON.
const deepestJSON = 3

const hiddenJSON = `"` + mask.Hidden + `"`

// json masks the members of all JSON in text that have one of the names, also where the
// text was cut. It changes nothing else.
func (m Mask) json(text []byte, depth int) []byte {
	var out []byte
	done := 0
	replace := func(from, to int, with []byte) {
		out = append(append(out, text[done:from]...), with...)
		done = to
	}
	for at := bytes.IndexByte(text, '"'); at >= 0 && at < len(text); {
		end := stringEnd(text, at)
		token := text[at:end]
		colon := skipSpace(text, end)
		if colon < len(text) && text[colon] == ':' && m.hides(jsonString(token)) {
			from := skipSpace(text, colon+1)
			end = valueEnd(text, from)
			replace(from, end, []byte(hiddenJSON))
		} else if bytes.IndexByte(token, '\\') >= 0 {
			if with := m.escaped(token, depth); with != nil {
				replace(at, end, with)
			}
		}
		next := bytes.IndexByte(text[end:], '"')
		if next < 0 {
			break
		}
		at = end + next
	}
	if done == 0 {
		return text
	}
	return append(out, text[done:]...)
}

// escaped masks a string with escapes in it; nil where nothing is to be masked.
func (m Mask) escaped(token []byte, depth int) []byte {
	plain := jsonString(token)
	masked := plain
	if depth < deepestJSON {
		masked = string(m.json([]byte(plain), depth+1))
	}
	masked = m.plain(masked)
	if masked == plain {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(masked) != nil {
		return []byte(hiddenJSON)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// stringEnd is behind the string that begins at text[at], or the end of text.
func stringEnd(text []byte, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
		at++
	}
	return at
}

// valueEnd is behind the value that begins at text[at].
func valueEnd(text []byte, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// jsonString is what a quoted string says, or its bytes where it is broken.
func jsonString(token []byte) string {
	if bytes.IndexByte(token, '\\') >= 0 {
		var s string
		if json.Unmarshal(token, &s) == nil {
			return s
		}
	}
	return string(bytes.Trim(token, `"`))
}
