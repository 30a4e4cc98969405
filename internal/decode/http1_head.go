package decode

import (
	"bytes"
	"strconv"
	"strings"
)

// A block gathers lines up to and with an empty one.
type block struct {
	buf []byte
	// line is how many bytes the line at the end of buf has, cr that its first is CR.
	line int
	cr   bool
}

// next takes n bytes of p. It returns the whole block once its end has come, good until
// the next call, and nil before. It is wrong (n < 0) with more than limit bytes.
func (b *block) next(p []byte, limit int) (whole []byte, n int) {
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 0 {
			b.cr = b.line == 0 && p[n] == '\r' || b.line > 0 && b.cr
			b.line += len(p) - n
			n = len(p)
			break
		}
		empty := end == 0 && b.line == 0 || end+b.line == 1 && (b.cr || p[n] == '\r')
		b.line, b.cr = 0, false
		n += end + 1
		if !empty {
			continue
		}
		if len(b.buf)+n > limit {
			return nil, -1
		}
		if len(b.buf) == 0 {
			return p[:n], n
		}
		whole = append(b.buf, p[:n]...)
		b.buf = whole[:0]
		return whole, n
	}
	if len(b.buf)+n > limit {
		return nil, -1
	}
	b.buf = append(b.buf, p...)
	return nil, n
}

// drop forgets the block, and gives a large one's memory back.
func (b *block) drop() {
	b.line, b.cr = 0, false
	if b.buf = b.buf[:0]; cap(b.buf) > 16<<10 {
		b.buf = nil
	}
}

// A framing is what the fields of an HTTP/1 head say of what follows.
type framing struct {
	length   int64 // -1: not told
	chunked  bool  // the last transfer coding is chunked
	coded    bool  // there is a transfer coding
	upgrade  string
	settings string // HTTP2-Settings
	deflate  string // Sec-WebSocket-Extensions
	media    string // Content-Type
	wrong    string // what cannot be so
}

// firstLine cuts head's first line, without its end, from the lines of fields.
func firstLine(head string) (line, fields string) {
	line, fields, _ = strings.Cut(head, "\n")
	return strings.TrimSuffix(line, "\r"), fields
}

// parseFields reads lines of fields up to an empty one. The texts are pieces of lines.
// What has no colon is a name without a value, as it is not the reader who judges.
func parseFields(lines string) ([]Field, framing) {
	f := framing{length: -1}
	count := strings.Count(lines, "\n") - 1
	if count <= 0 {
		return nil, f
	}
	fields := make([]Field, 0, count)
	for lines != "" {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 {
			last := &fields[len(fields)-1]
			last.Value = strings.TrimLeft(last.Value+" "+strings.Trim(line, " \t"), " ")
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	for i := range fields {
		f.note(strings.TrimRight(fields[i].Name, " \t"), fields[i].Value)
	}
	return fields, f
}

// note takes what name and value say.
func (f *framing) note(name, value string) {
	// Most names are told apart by their length.
	switch len(name) {
	case len("Upgrade"):
		if strings.EqualFold(name, "Upgrade") {
			f.upgrade = value
		}
	case len("Content-Type"):
		if strings.EqualFold(name, "Content-Type") {
			f.media = value
		}
	case len("HTTP2-Settings"): // and Content-Length
		if strings.EqualFold(name, "Content-Length") {
			f.noteLength(value)
		} else if strings.EqualFold(name, "HTTP2-Settings") {
			f.settings = value
		}
	case len("Transfer-Encoding"):
		if strings.EqualFold(name, "Transfer-Encoding") {
			f.coded = true
			last := value[strings.LastIndexByte(value, ',')+1:]
			f.chunked = strings.EqualFold(strings.Trim(last, " \t"), "chunked")
		}
	case len("Sec-WebSocket-Extensions"):
		if strings.EqualFold(name, "Sec-WebSocket-Extensions") {
			f.deflate += "," + value
		}
	}
}

// noteLength takes a Content-Length, which may be said several times if it is the same.
func (f *framing) noteLength(value string) {
	for text := range strings.SplitSeq(value, ",") {
		text = strings.Trim(text, " \t")
		length, err := strconv.ParseUint(text, 10, 63)
		if err != nil || f.length >= 0 && f.length != int64(length) {
			f.wrong = "its length cannot be told"
			return
		}
		f.length = int64(length)
	}
}

// requestLine cuts the three words of a request's first line. A target with spaces is
// taken as it is.
func requestLine(line string) (method, target, version string, ok bool) {
	method, rest, _ := strings.Cut(line, " ")
	last := strings.LastIndexByte(rest, ' ')
	if last < 0 || !isToken(method) {
		return "", "", "", false
	}
	target, version = rest[:last], rest[last+1:]
	return method, target, version, isVersion(version)
}

// statusLine cuts the version and the number out of a response's first line.
func statusLine(line string) (version, status string, ok bool) {
	version, rest, _ := strings.Cut(line, " ")
	status, _, _ = strings.Cut(rest, " ")
	ok = isVersion(version) && len(status) == 3 && status[0] >= '1' && status[0] <= '9' && isDigit(status[1]) && isDigit(status[2])
	return version, status, ok
}

func isVersion(s string) bool { return len(s) == 8 && s[:7] == "HTTP/1." && isDigit(s[7]) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isToken reports whether s is a word as methods are.
func isToken[T string | []byte](s T) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && !isDigit(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return len(s) > 0
}

// maybeHead reports whether the beginning of a head can become one. Methods have at most
// 64 bytes here.
func maybeHead(dir Direction, begin []byte) bool {
	if dir == Down {
		const version = "HTTP/1."
		n := min(len(begin), len(version))
		return string(begin[:n]) == version[:n]
	}
	word, _, spaced := bytes.Cut(begin, []byte(" "))
	return isToken(word) && (spaced || len(word) <= 64)
}
