package logs

import (
	"bytes"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"
)

// JSON writes one object a line, in the field names and the form of go-hclog's
// JSON: @level is "info", @module the service, @message the line as it was
// written, escapes included but in JSON's spelling.
type JSON struct {
	*output
	mu sync.Mutex
}

// NewJSON returns a sink that writes to w, one call of w.Write a block, one at a
// time. Errors are as with NewConsole.
func NewJSON(w io.Writer) *JSON {
	return &JSON{output: newOutput(w, func(missing int64, cause error) []byte {
		return appendObjects(nil, Self, time.Now(), []byte(gapText(missing, cause)+"\n"))
	})}
}

// Lines writes an object for each line of block.
func (j *JSON) Lines(service string, at time.Time, block []byte) error {
	buf := blocks.Get().(*[]byte)
	out := appendObjects((*buf)[:0], service, at, whole(block))
	defer keepBlock(buf, out)
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(out)
}

// Preview writes nothing: an object holds a whole line.
func (j *JSON) Preview(string, time.Time, []byte) error { return j.Err() }

// Close returns the first write error. The writer stays open.
func (j *JSON) Close() error { return j.Err() }

// appendObjects appends block's lines. The fields are sorted by name, as those of
// go-hclog are.
func appendObjects(dst []byte, service string, at time.Time, block []byte) []byte {
	end := appendQuoted([]byte(`,"@module":`), []byte(service))
	end = append(end, `,"@timestamp":"`...)
	end = append(at.AppendFormat(end, hclog.TimeFormatJSON), "\"}\n"...)
	for len(block) > 0 {
		i := bytes.IndexByte(block, '\n')
		dst = append(dst, `{"@level":"info","@message":`...)
		dst = appendQuoted(dst, bytes.TrimRight(block[:i], "\r"))
		dst = append(dst, end...)
		block = block[i+1:]
	}
	return dst
}

// appendQuoted appends s as encoding/json writes a string: what is not UTF-8 is
// replaced, and what HTML or JavaScript could take for its own is escaped.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			if !jsonSafe(s[i]) {
				dst = append(dst, s[start:i]...)
				dst = appendEscaped(dst, rune(s[i]))
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, r)
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func jsonSafe(c byte) bool {
	return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
}

func appendEscaped(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
