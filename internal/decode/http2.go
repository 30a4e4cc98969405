package decode

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"

	"golang.org/x/net/http2/hpack"
)

// Frames of RFC 9113 that matter here. They are cut by hand: a framer reads whole frames,
// and one of content may have 16 MiB, of which next to nothing is kept.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	frameGoAway       = 7
	frameContinuation = 9

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	flagPadded     = 8
	flagPriority   = 32

	frameHeadSize       = 9
	settingTableSize    = 1
	defaultTableSize    = 4096
	preface             = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	noHTTP2             = "no HTTP/2: "
	prefaceDecides      = 14 // bytes of it that tell HTTP/2 from HTTP/1
	closedInStream      = closedIn
	errorCodeNone       = 0
	mostTableOfSettings = 256 << 10
)

// http2 reads HTTP/2: the frames of both directions, whose heads share a table each.
type http2 struct {
	*records
	protocol Protocol // of a connection that is none
	halves   [2]half2
	streams  map[uint32]*stream
	last     uint32 // the newest stream that the caller opened
	goAway   string
	over     bool
}

// A half2 is a direction of HTTP/2.
type half2 struct {
	preface int    // bytes of it that are there
	buf     []byte // of a frame's head, or of a frame that must be whole
	at      time.Time
	begun   bool // the first frame was seen, which has settings
	frame   frame
	inData  bool // frame is content, of which left is missing
	left    int
	skip    bool // frame is nothing for us
	pad     int  // of its end
	padded  bool // the length of the padding is missing
	fields  *hpack.Decoder
	heads   heads
	ended   bool
}

// A frame is the head of one.
type frame struct {
	length      int
	kind, flags byte
	stream      uint32
}

func newHTTP2(limits Limits, emit Emit, protocol Protocol) *http2 {
	return startHTTP2(&records{limits: limits, emit: emit}, protocol)
}

func startHTTP2(r *records, protocol Protocol) *http2 {
	h := &http2{records: r, protocol: protocol, streams: map[uint32]*stream{}}
	for dir := range h.halves {
		half := &h.halves[dir]
		half.fields = hpack.NewDecoder(defaultTableSize, func(f hpack.HeaderField) {
			half.heads.add(f, r.limits.Head)
		})
		half.fields.SetMaxStringLength(r.limits.Head)
	}
	return h
}

// upgradedHTTP2 goes on after a request of HTTP/1, whose answer comes on stream 1.
func upgradedHTTP2(r *records, x *httpCall) *http2 {
	h := startHTTP2(r, HTTP)
	s := &stream{record: &x.record, asked: true}
	s.Status, s.Answered, s.Response = "", time.Time{}, Part{Wire: s.Response.Wire}
	h.streams[1], h.last = s, 1
	if settings, err := base64.RawURLEncoding.DecodeString(x.settings); err == nil {
		h.settings(Up, settings)
	}
	return h
}

func (h *http2) Read(dir Direction, p []byte, at time.Time) {
	half := &h.halves[dir]
	for len(p) > 0 && !h.over {
		switch {
		case dir == Up && half.preface < len(preface):
			if p[0] != preface[half.preface] {
				h.giveUp(noHTTP2+"it does not begin so", at)
				return
			}
			half.preface++
			p = p[1:]
		case half.inData:
			p = p[h.data(dir, half, p, at):]
		default:
			p = p[h.whole(dir, half, p, at):]
		}
	}
}

// whole takes bytes of a frame's head, or of a frame that must be whole.
func (h *http2) whole(dir Direction, half *half2, p []byte, at time.Time) int {
	if len(half.buf) == 0 {
		half.at = at
	}
	had := len(half.buf)
	need := frameHeadSize
	if had >= frameHeadSize {
		need += half.frame.length
	}
	n := min(need-had, len(p))
	all := p[:n]
	if had > 0 || n < need {
		half.buf = append(half.buf, all...)
		all = half.buf
	}
	if len(all) < need {
		return n
	}
	if had >= frameHeadSize {
		h.read(dir, half, all[frameHeadSize:], at)
		half.dropBuf()
		return n
	}
	half.frame = frame{
		length: int(all[0])<<16 | int(all[1])<<8 | int(all[2]),
		kind:   all[3], flags: all[4],
		stream: binary.BigEndian.Uint32(all[5:]) & (1<<31 - 1),
	}
	if trouble := h.checkFrame(half); trouble != "" {
		h.giveUp(trouble, at)
		return n
	}
	half.begun = true
	if h.streamed(half) {
		half.dropBuf()
		h.beginData(dir, half, at)
		return n
	}
	// The frame's content follows its head in the buffer, where it is not in p as a whole.
	if rest := p[n:]; len(rest) >= half.frame.length {
		h.read(dir, half, rest[:half.frame.length], at)
		half.dropBuf()
		return n + half.frame.length
	}
	if had == 0 {
		half.buf = append(half.buf, all...)
	}
	return n
}

func (half *half2) dropBuf() {
	if half.buf = half.buf[:0]; cap(half.buf) > 16<<10 {
		half.buf = nil
	}
}

func (h *http2) checkFrame(half *half2) string {
	f := half.frame
	switch {
	case !half.begun && (f.kind != frameSettings || f.stream != 0):
		return noHTTP2 + "the first frame has no settings"
	case half.heads.open != (f.kind == frameContinuation), half.heads.open && half.heads.stream != f.stream:
		return noHTTP2 + "a head was cut"
	case !h.streamed(half) && f.length > h.limits.Head:
		return "a frame is too long"
	}
	return ""
}

// streamed says that the frame is not to be whole.
func (h *http2) streamed(half *half2) bool {
	switch half.frame.kind {
	case frameHeaders, frameReset, frameSettings, framePush, frameGoAway, frameContinuation:
		return false
	}
	return true
}

// read takes the content of a whole frame.
func (h *http2) read(dir Direction, half *half2, p []byte, at time.Time) {
	f := half.frame
	switch f.kind {
	case frameSettings:
		if f.flags&flagAck == 0 {
			h.settings(dir, p)
		}
	case frameReset:
		if len(p) == 4 {
			h.reset(dir, f.stream, binary.BigEndian.Uint32(p), at)
		}
	case frameGoAway:
		if len(p) >= 8 {
			h.away(dir, binary.BigEndian.Uint32(p)&(1<<31-1), binary.BigEndian.Uint32(p[4:]), at)
		}
	default:
		h.headPart(dir, half, p, at)
	}
}

// settings takes what one end allows the table of the other's heads. How much is kept of
// it is bounded; who uses more cannot be read.
func (h *http2) settings(dir Direction, p []byte) {
	for ; len(p) >= 6; p = p[6:] {
		if binary.BigEndian.Uint16(p) == settingTableSize {
			size := max(min(binary.BigEndian.Uint32(p[2:]), mostTableOfSettings), defaultTableSize)
			h.halves[1-dir].fields.SetAllowedMaxDynamicTableSize(size)
		}
	}
}

var errorCodes = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
	"SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
	"CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

func errorCode(code uint32) string {
	if code < uint32(len(errorCodes)) {
		return errorCodes[code]
	}
	return "error " + strconv.FormatUint(uint64(code), 10)
}

// giveUp ends every call with trouble, or tells it as a call of its own, and reads no more.
func (h *http2) giveUp(trouble string, at time.Time) {
	if len(h.streams) == 0 {
		h.fail(h.protocol, trouble, at)
	}
	h.Stop(trouble, at)
}

func (h *http2) Stop(trouble string, at time.Time) {
	if h.over {
		return
	}
	h.endAll(trouble, at)
	h.over = true
	h.halves = [2]half2{}
}
