package decode

const hexDigits = "0123456789abcdef"

// appendEscaped appends what stands between the quotes when redis-cli shows p.
func appendEscaped(to, p []byte) []byte {
	plain := 0
	for i, c := range p {
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			continue
		}
		to = append(to, p[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			to = append(to, '\\', c)
		case '\n':
			to = append(to, `\n`...)
		case '\r':
			to = append(to, `\r`...)
		case '\t':
			to = append(to, `\t`...)
		case '\a':
			to = append(to, `\a`...)
		case '\b':
			to = append(to, `\b`...)
		default:
			to = append(to, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(to, p[plain:]...)
}

// appendArgument appends an argument as one would type it into redis-cli.
func appendArgument(to, p []byte, cut bool) []byte {
	bare := len(p) > 0 && string(p) != hidden
	for _, c := range p {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			bare = false
			break
		}
	}
	if bare {
		to = append(to, p...)
	} else {
		to = appendEscaped(append(to, '"'), p)
	}
	if cut {
		to = append(to, "…"...)
	}
	if !bare {
		to = append(to, '"')
	}
	return to
}

// splitInline calls each with the arguments of a line that somebody typed, and reports
// whether its quotes are closed. What each gets is only valid during the call.
func splitInline(line []byte, each func([]byte)) bool {
	var arg []byte
	for i := 0; ; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i == len(line) {
			return true
		}
		arg = arg[:0]
		for i < len(line) && !isBlank(line[i]) {
			if c := line[i]; c != '"' && c != '\'' {
				arg = append(arg, c)
				i++
				continue
			}
			n := 0
			if arg, n = unquote(arg, line[i:]); n == 0 {
				return false
			}
			i += n
			if i < len(line) && !isBlank(line[i]) {
				return false
			}
		}
		each(arg)
	}
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0 }

// unquote appends what is between the quote at the start of p and the next, and says how
// many bytes that took: 0 where it is not closed.
func unquote(to, p []byte) ([]byte, int) {
	for i := 1; i < len(p); i++ {
		switch c := p[i]; {
		case c == p[0]:
			return to, i + 1
		case c != '\\' || i+1 == len(p) || p[0] == '\'' && p[i+1] != '\'':
			to = append(to, c)
		case p[0] == '"' && p[i+1] == 'x' && i+3 < len(p) && isHex(p[i+2]) && isHex(p[i+3]):
			to = append(to, hexValue(p[i+2])<<4|hexValue(p[i+3]))
			i += 3
		default:
			i++
			to = append(to, unescaped(p[i]))
		}
	}
	return to, 0
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20 - 'a') + 10
}
