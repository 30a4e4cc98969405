package decode

import (
	"bytes"
	"time"
)

// keptArguments is how many arguments of a command are kept.
const keptArguments = 1024

// A redisCommand reads commands, arrays of strings or lines, from any pieces.
type redisCommand struct {
	limits Limits
	line   []byte // the beginning of a line whose end has not come
	buf    []byte // what is kept of the arguments, one after another
	args   []redisArgument
	more   int   // arguments that are still to come
	left   int64 // bytes of the string that are, and its end
	inside bool  // in a string
	wire   int64
	size   int // arguments of the command, kept or not
	began  time.Time
}

type redisArgument struct {
	start, end int
	size       int64
	secret     string // the name of the password that it is
}

func (c *redisCommand) arg(i int) []byte {
	if i >= len(c.args) {
		return nil
	}
	return c.buf[c.args[i].start:c.args[i].end]
}

// next reads from p up to the end of a command, and says how many bytes it took.
// trouble is why this is no Redis.
func (c *redisCommand) next(p []byte, at time.Time) (n int, whole bool, trouble string) {
	for n < len(p) && !whole && trouble == "" {
		if c.wire == 0 {
			c.began = at
		}
		took := 0
		if c.inside {
			took, whole, trouble = c.text(p[n:])
		} else {
			took, whole, trouble = c.header(p[n:])
		}
		n += took
	}
	return n, whole, trouble
}

// reset forgets the command that has been read.
func (c *redisCommand) reset() {
	c.buf, c.args = c.buf[:0], c.args[:0]
	if cap(c.buf) > 64<<10 {
		c.buf = nil
	}
	c.wire, c.size = 0, 0
}

// text reads bytes of a string and of the end after it.
func (c *redisCommand) text(p []byte) (n int, whole bool, trouble string) {
	n = int(min(c.left, int64(len(p))))
	if c.size <= keptArguments {
		c.keep(p[:max(0, int(min(c.left-2, int64(n))))])
	}
	c.left -= int64(n)
	c.wire += int64(n)
	if c.left > 0 {
		return n, false, ""
	}
	c.inside = false
	c.more--
	return n, c.more == 0, ""
}

func (c *redisCommand) keep(p []byte) {
	a := &c.args[len(c.args)-1]
	room := min(c.limits.Body-(a.end-a.start), c.limits.Head-len(c.buf))
	c.buf = append(c.buf, p[:max(0, min(room, len(p)))]...)
	a.end = len(c.buf)
}

// header reads a line: the length of an array or of a string, or a command as typed.
func (c *redisCommand) header(p []byte) (n int, whole bool, trouble string) {
	i := bytes.IndexByte(p, '\n')
	n = i + 1
	if i < 0 {
		n = len(p)
	}
	c.wire += int64(n)
	if len(c.line)+n > c.limits.Head {
		return n, false, "a line too long"
	}
	line := p[:n]
	if i < 0 || len(c.line) > 0 {
		c.line = append(c.line, line...)
		line = c.line
	}
	if i < 0 {
		return n, false, ""
	}
	c.line = c.line[:0]
	whole, trouble = c.heed(bytes.TrimSuffix(line[:len(line)-1], []byte("\r")))
	return n, whole, trouble
}

func (c *redisCommand) heed(line []byte) (whole bool, trouble string) {
	if c.more > 0 {
		size, ok := redisNumber(line, '$')
		if !ok || size < 0 {
			return false, "a command is not made of strings"
		}
		c.begin(size)
		c.inside, c.left = true, size+2
		return false, ""
	}
	if len(line) == 0 {
		c.wire = 0
		return false, ""
	}
	if line[0] != '*' {
		return c.typed(line)
	}
	more, ok := redisNumber(line, '*')
	if !ok || more > 1<<31 {
		return false, "a command without a length"
	}
	if c.more = int(max(0, more)); c.more == 0 {
		c.wire = 0
	}
	return false, ""
}

func (c *redisCommand) begin(size int64) {
	if c.size++; c.size <= keptArguments {
		c.args = append(c.args, redisArgument{start: len(c.buf), end: len(c.buf), size: size})
	}
}

// typed reads a command as somebody types it.
func (c *redisCommand) typed(line []byte) (whole bool, trouble string) {
	closed := splitInline(line, func(arg []byte) {
		if c.begin(int64(len(arg))); c.size <= keptArguments {
			c.keep(arg)
		}
	})
	switch {
	case c.size == 0 && closed:
		c.wire = 0
		return false, ""
	case !closed || !isVerb(c.arg(0)):
		return false, "neither an array nor a line"
	}
	return true, ""
}

// isVerb reports whether a command may be named so.
func isVerb(p []byte) bool {
	for _, c := range p {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '|' || c == ':') {
			return false
		}
	}
	return len(p) > 0 && len(p) <= 64
}

// redisNumber reads the number of a line after its type.
func redisNumber(line []byte, kind byte) (int64, bool) {
	if len(line) < 2 || line[0] != kind || len(line) > 20 {
		return 0, false
	}
	if string(line[1:]) == "-1" {
		return -1, true
	}
	n := int64(0)
	for _, c := range line[1:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n <= 1<<50
}
