package decode

import (
	"encoding/binary"
	"time"
)

// webSocket reads what follows an upgrade to RFC 6455. Its messages are those of the
// exchange that upgraded.
type webSocket struct {
	*records
	x      *record
	halves [2]wsHalf
	closed bool // a close was seen
	pack   *wsDeflate
}

// A wsHalf is a direction of a WebSocket.
type wsHalf struct {
	head [14]byte
	n    int // bytes of head that are there
	// left is what the frame's content still has, off how much of it is read.
	left, off int64
	mask      []byte // nil without
	inFrame   bool
	open      bool // a message has begun and not ended
	message   wsMessage
	control   wsMessage
	ended     bool
	// lost says that compressed messages cannot be read any more.
	lost bool
}

type wsMessage struct {
	kind   string
	data   []byte
	size   int64
	packed bool
}

var wsKinds = [16]string{1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}

func newWebSocket(r *records, x *record, extensions string) *webSocket {
	x.Protocol = WebSocket
	return &webSocket{records: r, x: x, pack: newWSDeflate(extensions)}
}

func (w *webSocket) part(dir Direction) *Part {
	if dir == Up {
		return &w.x.Request
	}
	return &w.x.Response
}

func (w *webSocket) Read(dir Direction, p []byte, at time.Time) {
	if w.x.ended {
		return
	}
	w.part(dir).Wire += int64(len(p))
	h := &w.halves[dir]
	for len(p) > 0 && !w.x.ended {
		if h.inFrame {
			p = p[w.payload(dir, h, p, at):]
			continue
		}
		h.head[h.n] = p[0]
		h.n++
		p = p[1:]
		if h.n >= 2 && h.n == h.headSize() {
			w.frame(dir, h, at)
		}
	}
}

// headSize is how long the frame's head is, known with its first two bytes.
func (h *wsHalf) headSize() int {
	n := 2
	switch h.head[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if h.head[1]&0x80 != 0 {
		n += 4
	}
	return n
}

// frame begins the frame whose head is there.
func (w *webSocket) frame(dir Direction, h *wsHalf, at time.Time) {
	h.left, h.off, h.mask = int64(h.head[1]&0x7f), 0, nil
	rest := h.head[2:h.n]
	if h.left == 126 {
		h.left, rest = int64(binary.BigEndian.Uint16(rest)), rest[2:]
	} else if h.left == 127 {
		h.left, rest = int64(binary.BigEndian.Uint64(rest)), rest[8:]
	}
	if len(rest) == 4 {
		h.mask = rest
	}
	op, final, rsv := h.head[0]&15, h.head[0]&0x80 != 0, h.head[0]>>4&7
	packed := rsv == 4 && w.pack != nil && (op == 1 || op == 2)
	kind := wsKinds[op]
	control := op >= 8
	switch {
	case h.left < 0, rsv != 0 && !packed, op != 0 && kind == "",
		control && (!final || h.left > 125), op == 0 && !h.open, !control && op != 0 && h.open:
		w.Stop("no WebSocket: a frame is wrong", at)
		return
	case control:
		h.control = wsMessage{kind: kind}
	case op != 0:
		h.open = true
		h.message = wsMessage{kind: kind, packed: packed}
	}
	h.inFrame = true
	if h.left == 0 {
		w.frameEnds(dir, h, at)
	}
}

// payload takes bytes of a frame's content.
func (w *webSocket) payload(dir Direction, h *wsHalf, p []byte, at time.Time) int {
	n := int(min(int64(len(p)), h.left))
	m, limit := &h.message, w.limits.Body
	if h.head[0]&8 != 0 {
		m = &h.control
	} else if m.packed {
		limit = w.limits.Head
	}
	if keep := min(n, limit-len(m.data)); keep > 0 {
		from := len(m.data)
		m.data = append(m.data, p[:keep]...)
		for i := range h.mask {
			for j := i; j < keep; j += 4 {
				m.data[from+j] ^= h.mask[(h.off+int64(i))&3]
			}
		}
	}
	m.size += int64(n)
	h.off += int64(n)
	if h.left -= int64(n); h.left == 0 {
		w.frameEnds(dir, h, at)
	}
	return n
}

func (w *webSocket) frameEnds(dir Direction, h *wsHalf, at time.Time) {
	h.inFrame, h.n = false, 0
	m := &h.message
	if h.head[0]&8 != 0 {
		m = &h.control
		w.closed = w.closed || m.kind == "close"
	} else if h.head[0]&0x80 == 0 {
		return // fragments follow
	} else {
		h.open = false
	}
	w.part(dir).Size += m.size
	if m.packed {
		w.unpack(dir, h, m)
	}
	w.message(w.x, Message{At: at, Dir: dir, Kind: m.kind, Data: m.data, Size: m.size})
	*m = wsMessage{}
}

// unpack decompresses m, or leaves it without data.
func (w *webSocket) unpack(dir Direction, h *wsHalf, m *wsMessage) {
	packed := m.data
	m.data = nil
	if h.lost && w.pack.takeover[dir] {
		return
	}
	whole := int64(len(packed)) == m.size
	ok := false
	if whole {
		var data []byte
		var size int64
		if data, size, ok = w.pack.inflate(dir, packed, w.limits.Body); ok {
			m.data, m.size = data, size
		}
	}
	if !ok {
		h.lost = true
		w.x.Trouble = "a compressed message could not be read"
	}
}

func (w *webSocket) End(dir Direction, at time.Time) {
	w.halves[dir].ended = true
	if !w.halves[Up].ended || !w.halves[Down].ended {
		return
	}
	trouble := ""
	if !w.closed {
		trouble = "the connection was closed without a close message"
	}
	w.end(w.x, trouble, at)
}

func (w *webSocket) Stop(trouble string, at time.Time) { w.end(w.x, trouble, at) }
