package decode

import "time"

// beginData begins a frame that is read as it comes.
func (h *http2) beginData(dir Direction, half *half2, at time.Time) {
	f := half.frame
	half.inData, half.left, half.pad = true, f.length, 0
	half.skip = f.kind != frameData
	half.padded = !half.skip && f.flags&flagPadded != 0
	if s := h.streams[f.stream]; s != nil && !half.skip {
		s.part(dir).Wire += frameHeadSize
	}
	if f.length == 0 {
		h.dataEnds(dir, half, at)
	}
}

func (s *stream) part(dir Direction) *Part {
	if dir == Up {
		return &s.Request
	}
	return &s.Response
}

// data takes bytes of a frame that is read as it comes.
func (h *http2) data(dir Direction, half *half2, p []byte, at time.Time) int {
	n := min(len(p), half.left)
	if half.padded {
		n = 1
		half.padded, half.pad = false, int(p[0])
		if half.pad > half.left-1 {
			h.giveUp(noHTTP2+"a frame is wrong", at)
			return len(p)
		}
	} else if s := h.streams[half.frame.stream]; s != nil && !half.skip {
		s.part(dir).Wire += int64(n)
		if content := p[:min(n, max(half.left-half.pad, 0))]; len(content) > 0 {
			h.streamContent(dir, s, content, at)
		}
	}
	if half.left -= n; half.left == 0 {
		h.dataEnds(dir, half, at)
	}
	return n
}

func (h *http2) streamContent(dir Direction, s *stream, p []byte, at time.Time) {
	h.content(s.record, s.part(dir), p, -1)
	switch {
	case s.grpc != nil:
		s.grpc.read(h.records, s.record, dir, p, at)
	case s.events != nil && dir == Down:
		s.events.read(h.records, s.record, p, at)
	}
}

func (h *http2) dataEnds(dir Direction, half *half2, at time.Time) {
	half.inData = false
	f := half.frame
	if s := h.streams[f.stream]; s != nil && !half.skip {
		h.partEnds(dir, f.stream, s, f.flags&flagEndStream != 0, at)
	}
}
