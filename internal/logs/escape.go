package logs

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

const resetColour = "\x1b[0m"

// plain reports that b holds nothing but printable ASCII, tabs and newlines, so
// that it can be shown as it is. Thirty-two bytes are looked at between branches.
func plain(b []byte) bool {
	for ; len(b) >= 32; b = b[32:] {
		bad := unprintable(binary.LittleEndian.Uint64(b)) | unprintable(binary.LittleEndian.Uint64(b[8:])) |
			unprintable(binary.LittleEndian.Uint64(b[16:])) | unprintable(binary.LittleEndian.Uint64(b[24:]))
		if bad != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x7f || c < 0x20 && c != '\t' && c != '\n' {
			return false
		}
	}
	return true
}

// unprintable is not 0 when one of w's eight bytes is not plain. Each sum sets the
// high bit of the bytes it speaks of; none of those that count carries into the next.
func unprintable(w uint64) uint64 {
	const ones = 0x0101010101010101
	del := w + 0x01*ones   // 0x7f and more
	text := w + 0x60*ones  // 0x20 and more
	tab := w + 0x77*ones   // 0x09 and more
	below := w + 0x75*ones // 0x0b and more
	return (w | del | ^text&(below|^tab)) & (0x80 * ones)
}

// appendLine appends what line, without its newline, may show: head, the text
// and a newline. Carriage returns at its end are dropped; one inside it would let
// the text overwrite its head, so it starts a line of its own, behind a head of
// its own. A part that shows nothing is left out, unless nothing else is there.
func appendLine(dst, head, line []byte, colour bool) []byte {
	line = bytes.TrimRight(line, "\r")
	shown := false
	for {
		part, rest, more := bytes.Cut(line, []byte{'\r'})
		start := len(dst)
		dst = append(dst, head...)
		text := len(dst)
		dst = appendText(dst, part, colour)
		switch {
		case len(dst) > text || !more && !shown:
			dst, shown = append(dst, '\n'), true
		default:
			dst = dst[:start]
		}
		if !more {
			return dst
		}
		line = rest
	}
}

// appendText appends text without its control characters and escape sequences.
// With colour, the sequences that set colours stay, and are reset at the end.
func appendText(dst, text []byte, colour bool) []byte {
	dst, coloured := appendOpen(dst, text, colour)
	if coloured {
		dst = append(dst, resetColour...)
	}
	return dst
}

// appendOpen is appendText without the reset; it reports whether one is due.
func appendOpen(dst, text []byte, colour bool) (out []byte, coloured bool) {
	for i := 0; i < len(text); {
		if n := printable(text[i:]); n > 0 {
			dst = append(dst, text[i:i+n]...)
			i += n
			continue
		}
		kind, size := introducer(text[i:])
		if kind == 0 {
			dst, i = appendOther(dst, text, i)
			continue
		}
		end := i + size + sequence(kind, text[i+size:])
		if colour && kind == '[' && isColour(text[i+size:end]) {
			params := text[i+size : end]
			dst = append(append(dst, "\x1b["...), params...)
			coloured = !isReset(params)
		}
		i = end
	}
	return dst, coloured
}

// printable counts the leading bytes of b that are shown as they are.
func printable(b []byte) int {
	i := 0
	for i < len(b) {
		c := b[i]
		if c >= 0x20 && c < 0x7f || c == '\t' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(b[i:])
		if r < 0xa0 || size == 1 {
			break
		}
		i += size
	}
	return i
}

// appendOther takes the byte at text[i], which is neither printable nor the
// beginning of a sequence: a control character goes, a byte that is not UTF-8
// stays, unless an 8-bit terminal would take it for a control character.
func appendOther(dst, text []byte, i int) ([]byte, int) {
	switch c := text[i]; {
	case c < utf8.RuneSelf:
	case c < 0xa0:
		dst = append(dst, "\uFFFD"...)
	default:
		dst = append(dst, c)
	}
	return dst, i + 1
}

// introducer recognises ESC x and the one character that means the same (U+0080
// to U+009F). It returns x and its length; x is 0 where b begins otherwise, and
// ' ' for an ESC that introduces nothing.
func introducer(b []byte) (kind byte, size int) {
	switch {
	case b[0] == 0xc2 && len(b) > 1 && b[1] >= 0x80 && b[1] < 0xa0:
		return b[1] - 0x40, 2
	case b[0] != 0x1b:
		return 0, 0
	case len(b) == 1 || b[1] < 0x20 || b[1] > 0x7e:
		return ' ', 1
	case b[1] <= 0x2f:
		return '(', 1
	}
	return b[1], 2
}

// sequence returns how many bytes of b, which follows the introducer, belong to
// the sequence; all of them when its end is missing.
func sequence(kind byte, b []byte) int {
	switch kind {
	case '[': // CSI: parameters, intermediates, one final byte
		n := span(b, 0x30, 0x3f)
		n += span(b[n:], 0x20, 0x2f)
		return n + final(b[n:], 0x40)
	case '(': // character sets and the like
		n := span(b, 0x20, 0x2f)
		return n + final(b[n:], 0x30)
	case ']': // OSC
		return controlString(b, true)
	case 'P', 'X', '^', '_': // DCS, SOS, PM, APC
		return controlString(b, false)
	}
	return 0
}

// span counts the leading bytes of b between from and to.
func span(b []byte, from, to byte) int {
	for i, c := range b {
		if c < from || c > to {
			return i
		}
	}
	return len(b)
}

// final is 1 when b begins with a byte that ends a sequence.
func final(b []byte, from byte) int {
	if len(b) > 0 && b[0] >= from && b[0] <= 0x7e {
		return 1
	}
	return 0
}

// controlString measures a string up to and with its terminator. An ESC that
// does not terminate it begins a sequence of its own.
func controlString(b []byte, bell bool) int {
	for i, c := range b {
		switch {
		case c == 0x07 && bell, c == 0x18, c == 0x1a:
			return i + 1
		case c == 0x1b:
			if i+1 < len(b) && b[i+1] == '\\' {
				return i + 2
			}
			return i
		case c == 0xc2 && i+1 < len(b) && b[i+1] == 0x9c:
			return i + 2
		}
	}
	return len(b)
}

// isColour recognises the rest of ESC [ … m. A private marker, as in ESC [ > 4 m,
// makes it something else.
func isColour(rest []byte) bool {
	n := len(rest) - 1
	if n < 0 || rest[n] != 'm' {
		return false
	}
	for _, c := range rest[:n] {
		if (c < '0' || c > '9') && c != ';' && c != ':' {
			return false
		}
	}
	return true
}

func isReset(rest []byte) bool { return string(rest) == "m" || string(rest) == "0m" }
