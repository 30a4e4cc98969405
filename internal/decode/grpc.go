package decode

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// isGRPC reports whether the content is gRPC's; gRPC-Web's is not.
func isGRPC(media string) bool {
	rest, ok := strings.CutPrefix(media, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// grpc cuts the messages out of the content of a call.
type grpc struct {
	encoding [2]string // how compressed messages are, by direction
	halves   [2]grpcHalf
}

// A grpcHalf is a direction of a call: messages behind a flag and a length.
type grpcHalf struct {
	prefix [5]byte
	n      int
	left   int64
	data   []byte
}

// read takes bytes of the content and adds to x the messages that end in them.
func (g *grpc) read(r *records, x *record, dir Direction, p []byte, at time.Time) {
	h := &g.halves[dir]
	for len(p) > 0 {
		if h.n < len(h.prefix) {
			n := copy(h.prefix[h.n:], p)
			h.n += n
			p = p[n:]
			if h.n < len(h.prefix) {
				return
			}
			h.left = int64(binary.BigEndian.Uint32(h.prefix[1:]))
		}
		limit := r.limits.Body
		if h.prefix[0] != 0 {
			limit = r.limits.Head
		}
		n := int(min(h.left, int64(len(p))))
		h.data = append(h.data, p[:min(n, limit-len(h.data))]...)
		p = p[n:]
		if h.left -= int64(n); h.left == 0 {
			r.message(x, g.message(dir, r.limits.Body, at))
			*h = grpcHalf{}
		}
	}
}

// message is the one that has come. One that is compressed and cannot be read has no data.
func (g *grpc) message(dir Direction, limit int, at time.Time) Message {
	h := &g.halves[dir]
	m := Message{At: at, Dir: dir, Kind: "message", Data: h.data, Size: int64(binary.BigEndian.Uint32(h.prefix[1:]))}
	if h.prefix[0] == 0 {
		return m
	}
	m.Data = nil
	if g.encoding[dir] == "gzip" && int64(len(h.data)) == m.Size {
		if data, size, ok := gunzip(h.data, limit); ok {
			m.Data, m.Size = data, size
		}
	}
	return m
}

var grpcCodes = [...]string{"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}

// status tells how the call ended, by its trailers, or by its head where that was all.
func (g *grpc) status(x *record) {
	code := fieldValue(x.Response.Trailers, "grpc-status")
	if code == "" {
		code = fieldValue(x.Response.Fields, "grpc-status")
	}
	n, err := strconv.ParseUint(code, 10, 32)
	switch {
	case code == "" && x.Status != "": // the status of HTTP says it
	case code == "":
		x.Trouble, x.Failed = "the answer has no grpc-status", true
	case err == nil && n < uint64(len(grpcCodes)):
		x.Status, x.Failed = grpcCodes[n], n != 0
	default:
		x.Status, x.Failed = code, true
	}
}
