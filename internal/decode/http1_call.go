package decode

import (
	"strings"
	"time"
)

// request takes the head of a request.
func (h *http1) request(head string, began time.Time, extra int64, at time.Time) {
	line, lines := firstLine(head)
	method, target, version, ok := requestLine(line)
	if !ok {
		h.giveUp(notHTTP[Up], at)
		return
	}
	x := new(httpCall)
	fields, f := parseFields(lines)
	x.Method, x.Path = method, target
	x.Request.Line, x.Request.Fields = line, fields
	x.Request.Wire = extra + int64(len(head))
	x.head = method == "HEAD"
	if x.upgrade, x.settings = f.upgrade, f.settings; method == "CONNECT" {
		x.upgrade = "CONNECT"
	}
	full := h.full()
	h.begin(&x.record, HTTP, began)
	h.records.head(&x.record, len(head), len(fields))
	h.calls = append(h.calls, x)
	if full {
		h.stop(tooMany, at)
		return
	}
	if h.halves[Down].ended {
		h.stop(closedBefore, at)
		return
	}
	if version == "HTTP/1.0" {
		f.coded, f.chunked = false, false
	}
	if f.wrong == "" && f.coded && !f.chunked {
		f.wrong = "its length cannot be told"
	}
	if f.wrong != "" {
		h.stop("no HTTP: the request is wrong: "+f.wrong, at)
		return
	}
	h.tell(&x.record)
	half := &h.halves[Up]
	if half.body.open(max(f.length, 0), f.chunked); half.body.state == bodyDone {
		x.asked = true
		return
	}
	half.call = x
}

// response takes the head of a response to the first of the calls.
func (h *http1) response(head string, began, at time.Time) {
	x := h.calls[0]
	line, lines := firstLine(head)
	version, status, ok := statusLine(line)
	if !ok {
		h.giveUp(notHTTP[Down], at)
		return
	}
	x.Response.Wire += int64(len(head))
	if status[0] == '1' && status != "101" {
		return // the answer itself follows
	}
	fields, f := parseFields(lines)
	x.Answered, x.Status, x.Failed = began, status, status >= "400"
	x.Response.Line, x.Response.Fields = line, fields
	h.records.head(&x.record, len(head), len(fields))
	if status == "101" || x.upgrade == "CONNECT" && status[0] == '2' {
		h.change(x, f, at)
		return
	}
	if version == "HTTP/1.0" {
		f.coded, f.chunked = false, false
	}
	if f.coded {
		f.length = -1
	}
	half := &h.halves[Down]
	switch {
	case x.head || status == "204" || status == "304":
		half.body.open(0, false)
	case f.wrong != "" && !f.coded:
		h.giveUp("no HTTP: the answer is wrong: "+f.wrong, at)
		return
	default:
		half.body.open(f.length, f.chunked)
		if isEventStream(f.media) && !encoded(fields) {
			x.Protocol, x.events = SSE, new(events)
		}
	}
	half.call = x
	if half.body.state == bodyDone {
		h.bodyEnded(Down, x, at)
	}
}

// encoded reports whether the content is not to be read as it is.
func encoded(fields []Field) bool {
	for _, f := range fields {
		if strings.EqualFold(f.Name, "Content-Encoding") && !strings.EqualFold(f.Value, "identity") {
			return true
		}
	}
	return false
}

// change goes on with another protocol, of which x is the first call.
func (h *http1) change(x *httpCall, f framing, at time.Time) {
	if !x.asked || len(h.calls) > 1 {
		h.giveUp("the protocol changed in the middle of a call", at)
		return
	}
	switch protocol := strings.ToLower(f.upgrade); {
	case x.upgrade == "CONNECT" || protocol != "websocket" && protocol != "h2c":
		h.next = &tunnel{records: h.records, x: &x.record, body: true}
		h.tell(&x.record)
	case protocol == "websocket":
		h.next = newWebSocket(h.records, &x.record, f.deflate)
		h.tell(&x.record)
	default:
		h.next = upgradedHTTP2(h.records, x)
	}
	h.calls = nil
	h.release()
	if h.halves[Up].ended {
		h.next.End(Up, at)
	}
}

func (h *http1) End(dir Direction, at time.Time) {
	half := &h.halves[dir]
	half.ended = true
	switch {
	case h.next != nil:
		h.next.End(dir, at)
	case h.over:
	case dir == Up:
		h.endUp(half, at)
	default:
		h.endDown(half, at)
	}
}

func (h *http1) endUp(half *half1, at time.Time) {
	if x := half.call; x != nil {
		x.Trouble = closedCall
		h.bodyEnded(Up, x, at)
	} else if !half.headAt.IsZero() {
		h.fail(HTTP, closedCall, at)
		half.headAt = time.Time{}
	}
	half.head.drop()
}

func (h *http1) endDown(half *half1, at time.Time) {
	if x := half.call; x != nil && half.body.state == bodyClose {
		h.bodyEnded(Down, x, at)
	}
	begun := half.call != nil || !half.headAt.IsZero()
	half.call = nil
	if len(h.calls) > 0 && h.calls[0].answered {
		return // its request goes on
	}
	if len(h.calls) == 0 {
		if h.halves[Up].ended {
			h.over = true
		}
		return
	}
	if begun {
		h.finish(h.calls[0], closedIn, at)
	}
	h.stop(closedBefore, at)
}
