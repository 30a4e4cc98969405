package logs

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Indent returns how many columns precede the text of each line.
func (c *Console) Indent() int {
	if c.opts.Bare {
		return 0
	}
	indent := c.pad + len(" | ")
	if c.opts.Time {
		indent += len("15:04:05.000 ")
	}
	return indent
}

func (c *Console) appendHead(dst []byte, service string, at time.Time) []byte {
	if c.opts.Time {
		if c.opts.Color {
			dst = append(dst, "\x1b[2m"...)
		}
		dst = at.Local().AppendFormat(dst, "15:04:05.000")
		if c.opts.Color {
			dst = append(dst, resetColour...)
		}
		dst = append(dst, ' ')
	}
	head, ok := c.heads[service]
	if !ok {
		h := fnv.New32a()
		_, _ = io.WriteString(h, service)
		head = c.newHead(service, int(h.Sum32()%uint32(len(palette))))
	}
	return append(dst, head...)
}

// palette lists the colours of names, of the 256. All have the same contrast to white and
// to black, and none is red or yellow, in which lhrun itself warns.
var palette = [...]string{"31", "164", "28", "99", "30", "129", "29", "27", "133", "63"}

func (c *Console) newHead(name string, i int) string {
	if c.opts.Bare {
		return ""
	}
	text := name + strings.Repeat(" ", max(0, c.pad-utf8.RuneCountInString(name))) + " |"
	if !c.opts.Color {
		return text + " "
	}
	colour := "38;5;" + palette[i%len(palette)]
	if name == Self {
		colour = "1"
	}
	return fmt.Sprintf("\x1b[%sm%s%s ", colour, text, resetColour)
}
