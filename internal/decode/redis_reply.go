package decode

import (
	"bytes"
	"strconv"
	"time"
)

// deepest is how many aggregates may stand in each other.
const deepest = 128

// A redisReply reads replies of RESP2 and RESP3 from any pieces, and renders each as
// redis-cli shows it on a terminal.
type redisReply struct {
	limits Limits
	line   []byte // the beginning of a line whose end has not come
	kind   byte   // of the string or line that is being read, 0 between two
	left   int64  // bytes of the string that are still to come, and its end
	prefix int    // bytes at its start that only name a format
	stack  []redisFrame
	out    []byte
	size   int64 // of the rendering, kept or not
	top    byte  // the type of the whole
	null   bool
	words  [3][]byte // the beginnings of its first strings
	nwords int
	wire   int64
	began  time.Time
	// hide says that the reply tells settings, of which passwords are to be hidden.
	hide    bool
	setting []byte // the string before, where hide is set
	masked  bool   // the string that is being read is a password
	secrets []Field
}

type redisFrame struct {
	kind          byte
	left, i       int64
	width, indent int
	silent        bool
}

func (r *redisReply) reset() {
	r.out, r.stack, r.line = r.out[:0], r.stack[:0], r.line[:0]
	r.secrets, r.setting, r.masked = nil, r.setting[:0], false
	r.size, r.wire, r.nwords, r.top, r.null = 0, 0, 0, 0, false
}

// next reads from p up to the end of a reply.
func (r *redisReply) next(p []byte, at time.Time) (n int, whole bool, trouble string) {
	for n < len(p) && !whole && trouble == "" {
		if r.wire == 0 {
			r.began = at
		}
		took := 0
		if r.left > 0 {
			took, whole = r.text(p[n:])
		} else {
			took, whole, trouble = r.header(p[n:])
		}
		n += took
		r.wire += int64(took)
	}
	return n, whole, trouble
}

// text reads bytes of a string and of the end after it.
func (r *redisReply) text(p []byte) (n int, whole bool) {
	n = int(min(r.left, int64(len(p))))
	content := p[:max(0, int(min(r.left-2, int64(n))))]
	r.left -= int64(n)
	if skip := min(r.prefix, len(content)); skip > 0 {
		r.prefix -= skip
		content = content[skip:]
	}
	r.string(content)
	if r.left > 0 {
		return n, false
	}
	if r.kind == '$' {
		r.put(`"`)
	}
	return n, r.complete()
}

func (r *redisReply) header(p []byte) (n int, whole bool, trouble string) {
	i := bytes.IndexByte(p, '\n')
	n = i + 1
	if i < 0 {
		n = len(p)
	}
	line := p[:n]
	if i < 0 || len(r.line) > 0 {
		if len(r.line) == 0 && r.wire == 0 && n > 0 && !isReplyType(p[0]) {
			return n, false, "a reply of no type"
		}
		r.line = keep(r.line, p[:n], r.limits.Head)
		line = r.line
	}
	if i < 0 {
		return n, false, ""
	}
	line = bytes.TrimRight(line, "\r\n")
	if len(line) == 0 {
		if len(r.stack) > 0 {
			return n, false, "an empty line in a reply"
		}
		r.wire = -int64(n)
		r.line = r.line[:0]
		return n, false, ""
	}
	whole, trouble = r.heed(line)
	r.line = r.line[:0]
	return n, whole, trouble
}

func isReplyType(c byte) bool {
	return bytes.IndexByte([]byte("+-:_,#($=!*%~>|\r\n"), c) >= 0
}

// heed reads the line that begins, or is, an element.
func (r *redisReply) heed(line []byte) (whole bool, trouble string) {
	kind := line[0]
	if !isReplyType(kind) {
		return false, "a reply of no type"
	}
	if kind != '|' && len(r.stack) == 0 {
		r.top = kind
	}
	switch kind {
	case '$', '=', '!', '*', '%', '~', '>', '|':
		size, ok := redisNumber(line, kind)
		switch {
		case !ok:
			return false, "a reply without a length"
		case size < 0:
			return r.nothing(), ""
		case kind == '$' || kind == '=' || kind == '!':
			r.begin(kind)
			r.left = size + 2
			return false, ""
		}
		return r.aggregate(kind, size)
	case '_':
		return r.nothing(), ""
	}
	r.begin(kind)
	value := line[1:]
	if kind == '#' {
		value = []byte("(false)")
		if line[len(line)-1] == 't' {
			value = []byte("(true)")
		}
	}
	r.string(value)
	return r.complete(), ""
}

func (r *redisReply) nothing() bool {
	if len(r.stack) == 0 {
		r.null = true
	}
	r.begin('_')
	r.put("(nil)")
	return r.complete()
}

func (r *redisReply) aggregate(kind byte, size int64) (whole bool, trouble string) {
	if len(r.stack) == deepest {
		return false, "a reply too deep"
	}
	f := redisFrame{kind: kind, left: size, width: len(strconv.FormatInt(size, 10)), silent: kind == '|' || r.silent()}
	if kind == '%' || kind == '|' {
		f.left *= 2
	}
	if kind != '|' {
		r.index()
		if size == 0 {
			r.put(emptyName(kind))
			return r.complete(), ""
		}
	} else if size == 0 {
		return false, ""
	}
	if len(r.stack) > 0 {
		parent := r.stack[len(r.stack)-1]
		f.indent = parent.indent + parent.width + 2
	}
	r.stack = append(r.stack, f)
	return false, ""
}

// complete counts an element, and reports whether the reply is whole with it.
func (r *redisReply) complete() bool {
	if r.nwords < len(r.words) && len(r.stack) <= 1 && !r.silent() {
		r.nwords++
	}
	for len(r.stack) > 0 {
		f := &r.stack[len(r.stack)-1]
		if f.left--; f.left > 0 {
			return false
		}
		kind := f.kind
		r.stack = r.stack[:len(r.stack)-1]
		if kind == '|' {
			return false
		}
	}
	return true
}
