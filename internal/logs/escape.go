package logs

import (
	"encoding/binary"
	"unicode/utf8"
)

// plain reports whether b holds nothing but printable ASCII, tabs and newlines, so that
// it can be shown as it is. It looks at 32 bytes between branches, which halves the time
// of lhrun's own code in "4 × 500000 lines of 100 bytes to a file".
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

// plainPrefix returns how many bytes at the beginning of b are plain, or a few less.
func plainPrefix(b []byte) int {
	n := 0
	for ; n+32 <= len(b) && plain(b[n:n+32]); n += 32 {
	}
	if plain(b[n:]) {
		return len(b)
	}
	return n
}

// unprintable returns a value other than 0 if one of w's eight bytes is not plain. Each
// sum sets the high bit of the bytes that its comment names; no sum that counts carries
// into the next byte.
func unprintable(w uint64) uint64 {
	const ones = 0x0101010101010101
	del := w + 0x01*ones   // 0x7f and more
	text := w + 0x60*ones  // 0x20 and more
	tab := w + 0x77*ones   // 0x09 and more
	below := w + 0x75*ones // 0x0b and more
	return (w | del | ^text&(below|^tab)) & (0x80 * ones)
}

// motion reports whether a control character (kind 0) or sequence returns to the beginning
// of the line, and whether it moves or erases anything when the cursor is at the end of
// the line.
func motion(kind byte, rest []byte, empty bool) (back, scatters bool) {
	switch kind {
	case 0:
		back = rest[0] == '\r' || rest[0] == '\b'
		return back, back && !empty
	case 'D', 'E', 'M', 'c', '8':
		return true, true
	}
	n := len(rest) - 1
	if kind != '[' || n < 0 || !isNumeric(rest[:n]) {
		return false, false
	}
	start := n == 0 || string(rest[:n]) == "0"
	switch rest[n] {
	case 'A', 'B', 'E', 'F', 'H', 'd', 'e', 'f', 'u':
		return true, true
	case 'C', 'a':
		return false, true
	case 'D':
		return true, !empty
	case 'G', '`':
		return true, !empty || !start && string(rest[:n]) != "1"
	case 'J':
		return !start, false
	case 'K':
		return !start, !start && !empty
	}
	return false, false
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

// appendOther appends a byte that is neither printable nor the beginning of a sequence.
// It drops control characters, and replaces bytes that an 8-bit terminal would take for
// one.
func appendOther(dst []byte, c byte) []byte {
	switch {
	case c < utf8.RuneSelf:
		return dst
	case c < 0xa0:
		return append(dst, "\uFFFD"...)
	}
	return append(dst, c)
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

// final returns 1 if b begins with a byte that ends a sequence, else 0.
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
	return n >= 0 && rest[n] == 'm' && isNumeric(rest[:n])
}

// isNumeric recognises the parameters of an ordinary sequence.
func isNumeric(params []byte) bool {
	for _, c := range params {
		if (c < '0' || c > '9') && c != ';' && c != ':' {
			return false
		}
	}
	return true
}

func isReset(rest []byte) bool { return string(rest) == "m" || string(rest) == "0m" }
