package decode

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"
)

// A stream is a call of HTTP/2 that is open.
type stream struct {
	*record
	asked, answered bool
	events          *events
	grpc            *grpc
}

// heads gathers the fields of a head, which may come in several frames.
type heads struct {
	open   bool // frames of it follow
	stream uint32
	end    bool // the head ends its direction of the stream
	push   bool // it is a request that the service makes up
	at     time.Time
	wire   int64
	fields []Field
	size   int
	over   bool // more than may be kept
}

func (b *heads) add(f hpack.HeaderField, limit int) {
	const own = 32 // bytes of a field, as RFC 9113 counts
	if b.size += len(f.Name) + len(f.Value) + own; b.size > limit {
		b.over = true
		return
	}
	b.fields = append(b.fields, Field{Name: f.Name, Value: f.Value})
}

// headPart takes a frame of a head.
func (h *http2) headPart(dir Direction, half *half2, p []byte, at time.Time) {
	f, b := half.frame, &half.heads
	if f.kind != frameContinuation {
		*b = heads{stream: f.stream, end: f.flags&flagEndStream != 0, at: half.at}
		pad := 0
		if f.flags&flagPadded != 0 && len(p) > 0 {
			pad, p = int(p[0]), p[1:]
		}
		if f.kind == frameHeaders && f.flags&flagPriority != 0 {
			pad += 5
			if len(p) >= pad {
				p, pad = p[5:], pad-5
			}
		}
		if f.kind == framePush {
			if len(p) < pad+4 {
				h.giveUp(noHTTP2+"a frame is wrong", at)
				return
			}
			b.push, b.end = true, true
			b.stream = uint32(p[0]&0x7f)<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
			p = p[4:]
		}
		if pad > len(p) {
			h.giveUp(noHTTP2+"a frame is wrong", at)
			return
		}
		p = p[:len(p)-pad]
	}
	b.wire += frameHeadSize + int64(f.length)
	_, err := half.fields.Write(p)
	b.open = f.flags&flagEndHeaders == 0
	if err == nil && !b.open {
		err = half.fields.Close()
	}
	switch {
	case b.over:
		h.giveUp("the head is too long", at)
	case err != nil:
		h.giveUp(noHTTP2+"a head cannot be read", at)
	case !b.open:
		done := *b
		*b = heads{}
		h.headEnds(dir, &done, at)
	default:
		// A push's stream is that of the frames which go on.
		if b.push {
			h.giveUp("a pushed request is in several frames", at)
		}
	}
}

func (h *http2) headEnds(dir Direction, b *heads, at time.Time) {
	s := h.streams[b.stream]
	switch {
	case b.push && s == nil && b.stream != 0:
		h.request(b, at)
	case s == nil && dir == Up && b.stream > h.last:
		h.last = b.stream
		h.request(b, at)
	case s == nil: // of a stream that was reset
	case dir == Up:
		s.Request.Trailers = b.fields
		s.Request.Wire += b.wire
		h.headOf(s, b)
		h.partEnds(dir, b.stream, s, b.end, at)
	default:
		h.response(s, b, at)
	}
}

func (h *http2) headOf(s *stream, b *heads) { h.head(s.record, b.size, len(b.fields)) }

func (h *http2) request(b *heads, at time.Time) {
	s := &stream{record: new(record)}
	full := h.full()
	h.begin(s.record, HTTP, b.at)
	for _, f := range b.fields {
		switch f.Name {
		case ":method":
			s.Method = f.Value
		case ":path":
			s.Path = f.Value
		case ":authority":
			if s.Path == "" {
				s.Path = f.Value // of CONNECT, which has no path
			}
		case "content-type":
			if isGRPC(f.Value) {
				s.Protocol, s.grpc = GRPC, new(grpc)
			}
		}
	}
	s.Request.Fields, s.Request.Wire = b.fields, b.wire
	if s.grpc != nil {
		s.grpc.encoding[Up] = fieldValue(b.fields, "grpc-encoding")
	}
	h.headOf(s, b)
	switch {
	case full:
		h.end(s.record, tooMany, at)
		return
	case h.halves[Down].ended:
		h.end(s.record, closedBefore, at)
		return
	}
	h.streams[b.stream] = s
	s.asked = b.end
	h.tell(s.record)
}

// response takes a head that the service sent: an answer, or trailers.
func (h *http2) response(s *stream, b *heads, at time.Time) {
	s.Response.Wire += b.wire
	if !s.Answered.IsZero() {
		s.Response.Trailers = b.fields
		h.headOf(s, b)
		h.partEnds(Down, b.stream, s, b.end, at)
		return
	}
	status := fieldValue(b.fields, ":status")
	if strings.HasPrefix(status, "1") && !b.end {
		return // the answer itself follows
	}
	s.Answered, s.Status, s.Failed = b.at, status, status >= "400"
	s.Response.Fields = b.fields
	h.headOf(s, b)
	if s.grpc != nil {
		s.grpc.encoding[Down] = fieldValue(b.fields, "grpc-encoding")
		if status == "200" {
			s.Status = "" // trailers tell
		}
	} else if isEventStream(fieldValue(b.fields, "content-type")) && !encoded(b.fields) {
		s.Protocol, s.events = SSE, new(events)
	}
	if !b.end {
		h.tell(s.record)
	}
	h.partEnds(Down, b.stream, s, b.end, at)
}

func fieldValue(fields []Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// partEnds ends, if end says so, one direction of s.
func (h *http2) partEnds(dir Direction, id uint32, s *stream, end bool, at time.Time) {
	if !end {
		return
	}
	if dir == Up {
		s.asked = true
	} else if !s.answered {
		s.answered = true
		if s.grpc != nil {
			s.grpc.status(s.record)
		}
	}
	if s.asked && s.answered {
		h.endStream(id, "", at)
	}
}

func (h *http2) endStream(id uint32, trouble string, at time.Time) {
	if s := h.streams[id]; s != nil {
		delete(h.streams, id)
		h.end(s.record, trouble, at)
	}
}

func (h *http2) endAll(trouble string, at time.Time) {
	for _, id := range slices.Sorted(maps.Keys(h.streams)) {
		h.endStream(id, trouble, at)
	}
}

// reset takes the end of a stream that one side does not want any more. An answer that
// is there is known, whether the service wanted all of the request or not.
func (h *http2) reset(dir Direction, id uint32, code uint32, at time.Time) {
	s := h.streams[id]
	if s == nil {
		return
	}
	who := [2]string{"the caller", "the service"}[dir]
	trouble := who + " reset the stream: " + errorCode(code)
	if s.answered && code == errorCodeNone {
		trouble = ""
	}
	part := &s.Request
	if dir == Down {
		part = &s.Response
	}
	part.Wire += frameHeadSize + 4
	h.endStream(id, trouble, at)
}

// away takes a GOAWAY. What the caller began after last nobody will answer.
func (h *http2) away(dir Direction, last, code uint32, at time.Time) {
	if code != errorCodeNone {
		h.goAway = ": GOAWAY " + errorCode(code)
	}
	if dir == Up {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(h.streams)) {
		if id > last && id%2 == 1 {
			h.endStream(id, "the service refused the stream: GOAWAY "+strconv.Quote(errorCode(code)), at)
		}
	}
}

func (h *http2) End(dir Direction, at time.Time) {
	if h.over {
		return
	}
	half := &h.halves[dir]
	half.ended = true
	if dir == Down {
		h.endAll(closedInStream+h.goAway, at)
		if h.halves[Up].ended {
			h.Stop("", at)
		}
		return
	}
	if n := half.preface; n > 0 && n < len(preface) && h.seq == 0 {
		h.fail(h.protocol, closedCall, at)
	}
	for _, id := range slices.Sorted(maps.Keys(h.streams)) {
		if s := h.streams[id]; !s.asked {
			s.Trouble = closedCall
			h.partEnds(Up, id, s, true, at)
		}
	}
}
