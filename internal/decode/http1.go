package decode

import "time"

// Troubles of a connection.
const (
	closedBefore = "the connection was closed before the answer"
	closedIn     = "the connection was closed in the middle of the answer"
	closedCall   = "the connection was closed in the middle of the call"
)

// An httpCall is an exchange of HTTP that is open.
type httpCall struct {
	record
	// asked and answered say that the request and the response have ended.
	asked, answered bool
	// upgrade is what the request wants to go on with; "CONNECT" for a tunnel.
	upgrade, settings string
	head              bool // no answer to it has a body
	events            *events
}

// http1 reads HTTP/1. Its answers belong to the calls in their order.
type http1 struct {
	*records
	halves [2]half1
	// calls are those whose request or response has not ended.
	calls []*httpCall
	// next reads what follows an upgrade.
	next Decoder
	// held are bytes that came after a request which may change the protocol.
	held   []byte
	heldAt time.Time
	over   bool
}

// A half1 is a direction of HTTP/1.
type half1 struct {
	head   block
	headAt time.Time // of the first byte of a head that is not whole yet
	extra  int64     // empty lines before it
	call   *httpCall // whose body is read
	body   body
	ended  bool
}

func newHTTP1(limits Limits, emit Emit) *http1 {
	return &http1{records: &records{limits: limits, emit: emit}}
}

func (h *http1) Read(dir Direction, p []byte, at time.Time) {
	var heard *httpCall
	for len(p) > 0 && !h.over {
		if h.next != nil {
			h.next.Read(dir, p, at)
			return
		}
		half := &h.halves[dir]
		switch {
		case half.call != nil:
			p = p[h.readBody(dir, half, p, at):]
		case dir == Up && h.waits():
			h.hold(p, at)
			return
		default:
			p = p[h.readHead(dir, half, p, at):]
			if dir == Down && half.call != nil {
				heard = half.call
			}
		}
	}
	// An answer that goes on is told once it is known.
	if heard != nil && !heard.ended && len(heard.Messages) == 0 && h.next == nil {
		h.tell(&heard.record)
	}
}

// waits says that the last request may change the protocol, and has no answer yet.
func (h *http1) waits() bool {
	n := len(h.calls)
	return n > 0 && h.calls[n-1].upgrade != "" && !h.calls[n-1].answered && !h.halves[Down].ended
}

func (h *http1) hold(p []byte, at time.Time) {
	if len(h.held)+len(p) > h.limits.Head {
		h.giveUp("too much followed a request to change the protocol", at)
		return
	}
	if len(h.held) == 0 {
		h.heldAt = at
	}
	h.held = append(h.held, p...)
}

// release reads what was held.
func (h *http1) release() {
	if p := h.held; len(p) > 0 {
		h.held = nil
		h.Read(Up, p, h.heldAt)
		if half := &h.halves[Up]; half.ended && h.next == nil && !h.over {
			h.endUp(half, h.heldAt)
		}
	}
}

// readHead takes bytes of a head.
func (h *http1) readHead(dir Direction, half *half1, p []byte, at time.Time) int {
	if dir == Up && len(half.head.buf) == 0 {
		skip := 0
		for skip < len(p) && (p[skip] == '\r' || p[skip] == '\n') {
			skip++
		}
		if half.extra += int64(skip); skip > 0 {
			return skip
		}
	}
	if half.headAt.IsZero() {
		half.headAt = at
		if dir == Down && (len(h.calls) == 0 || h.calls[0].answered) {
			h.giveUp("no HTTP: an answer without a request", at)
			return len(p)
		}
	}
	whole, n := half.head.next(p, h.limits.Head)
	switch {
	case n < 0:
		h.giveUp("the head is too long", at)
		return len(p)
	case whole == nil:
		if !maybeHead(dir, half.head.buf) {
			h.giveUp(notHTTP[dir], at)
		}
		return n
	}
	text, began, extra := string(whole), half.headAt, half.extra
	half.headAt, half.extra = time.Time{}, 0
	half.head.drop()
	if dir == Up {
		h.request(text, began, extra, at)
	} else {
		h.response(text, began, at)
	}
	return n
}

var notHTTP = [2]string{"no HTTP: it does not begin with a request", "no HTTP: the answer is not one"}

// readBody takes bytes of a body.
func (h *http1) readBody(dir Direction, half *half1, p []byte, at time.Time) int {
	x := half.call
	part := &x.Request
	if dir == Down {
		part = &x.Response
	}
	whole := int64(-1)
	if half.body.state == bodyLength {
		whole = half.body.left
	}
	data, n := half.body.next(p, h.limits.Head)
	if n < 0 {
		h.giveUp("no HTTP: a chunk was expected", at)
		return len(p)
	}
	part.Wire += int64(n)
	if len(data) > 0 {
		h.content(&x.record, part, data, whole)
		if dir == Down && x.events != nil {
			x.events.read(h.records, &x.record, data, at)
		}
	}
	if half.body.state == bodyDone {
		if half.body.trailers != nil {
			text := string(half.body.trailers)
			part.Trailers, _ = parseFields(text)
			h.head(&x.record, len(text), len(part.Trailers))
			half.body.trailers = nil
			half.body.lines.drop()
		}
		h.bodyEnded(dir, x, at)
	}
	return n
}

func (h *http1) bodyEnded(dir Direction, x *httpCall, at time.Time) {
	h.halves[dir].call = nil
	if dir == Up {
		x.asked = true
	} else {
		x.answered = true
	}
	if x.asked && x.answered {
		h.finish(x, "", at)
	}
	if dir == Down {
		h.release()
	}
}

// finish ends x, which is the first of the calls.
func (h *http1) finish(x *httpCall, trouble string, at time.Time) {
	h.end(&x.record, trouble, at)
	if len(h.calls) > 0 && h.calls[0] == x {
		n := copy(h.calls, h.calls[1:])
		h.calls[n] = nil
		h.calls = h.calls[:n]
	}
}

// giveUp ends every call with trouble, or tells it as a call of its own, and reads no more.
func (h *http1) giveUp(trouble string, at time.Time) {
	if len(h.calls) == 0 {
		h.fail(HTTP, trouble, at)
	}
	h.stop(trouble, at)
}

func (h *http1) stop(trouble string, at time.Time) {
	for _, x := range h.calls {
		h.end(&x.record, trouble, at)
	}
	h.calls, h.held, h.over = nil, nil, true
	h.halves = [2]half1{}
}

func (h *http1) Stop(trouble string, at time.Time) {
	if h.next != nil {
		h.next.Stop(trouble, at)
	} else if !h.over {
		h.stop(trouble, at)
	}
}
