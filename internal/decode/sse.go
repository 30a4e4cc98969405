package decode

import (
	"strings"
	"time"
)

func isEventStream(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	return strings.EqualFold(strings.TrimSpace(media), "text/event-stream")
}

// events cuts a text/event-stream into its events: lines up to an empty one, of which at
// least one has data.
type events struct {
	data []byte // of the event, its lines parted by LF
	size int64
	line int     // bytes of the line so far
	name [5]byte // how the line begins
	has  bool    // the event has data
	cr   bool    // a CR has ended the line; LF belongs to it
}

// read takes bytes of the stream and adds to x the events that end in them.
func (e *events) read(r *records, x *record, p []byte, at time.Time) {
	for _, c := range p {
		if c == '\n' && e.cr {
			e.cr = false
			continue
		}
		if e.cr = c == '\r'; c == '\r' || c == '\n' {
			e.lineEnds(r, x, at)
			continue
		}
		if e.line == 0 && e.size > 0 {
			e.add('\n', r.limits.Body)
		}
		if e.line < len(e.name) {
			e.name[e.line] = c
		}
		e.line++
		e.add(c, r.limits.Body)
	}
}

func (e *events) add(c byte, limit int) {
	if e.size++; len(e.data) < limit {
		e.data = append(e.data, c)
	}
}

func (e *events) lineEnds(r *records, x *record, at time.Time) {
	if e.line > 0 {
		e.has = e.has || e.line >= 4 && string(e.name[:4]) == "data" && (e.line == 4 || e.name[4] == ':')
		e.line = 0
		return
	}
	if e.has {
		r.message(x, Message{At: at, Dir: Down, Kind: "event", Data: e.data, Size: e.size})
	}
	*e = events{cr: e.cr}
}
