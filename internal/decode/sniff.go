package decode

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
)

// encrypted is the trouble of TLS.
const encrypted = "encrypted"

// New returns the decoder of a connection that speaks protocol; with Any its first bytes
// tell. A connection that speaks nothing known is one exchange of TCP, and one that does
// not speak what it should is told with its trouble.
func New(protocol Protocol, limits Limits, emit Emit) Decoder {
	switch protocol {
	case TCP:
		return newTCP(limits, emit, TCP, "")
	case Postgres:
		return newPostgres(limits, emit)
	case Redis:
		return newRedis(limits, emit)
	case GRPC, Any:
	default:
		protocol = HTTP
	}
	return &sniffer{protocol: protocol, limits: limits, emit: emit}
}

// A sniffer keeps what the caller says until that tells the protocol.
type sniffer struct {
	protocol Protocol
	limits   Limits
	emit     Emit
	buf      []byte
	began    time.Time
	next     Decoder
}

func (s *sniffer) Read(dir Direction, p []byte, at time.Time) {
	if s.next != nil {
		s.next.Read(dir, p, at)
		return
	}
	if len(p) == 0 {
		return
	}
	if dir == Down { // who speaks first is not one of those that are told by the caller
		s.choose(s.fallback())
		s.next.Read(dir, p, at)
		return
	}
	seen := p
	if len(s.buf) > 0 {
		s.buf = append(s.buf, p...)
		seen = s.buf
	}
	if next := s.sniff(seen); next != nil {
		if len(s.buf) > 0 {
			p, at = s.buf, s.began
		}
		s.next, s.buf = next, nil
		s.next.Read(Up, p, at)
		return
	}
	if len(s.buf) == 0 {
		s.buf, s.began = bytes.Clone(p), at
	}
}

// choose goes on with next.
func (s *sniffer) choose(next Decoder) {
	s.next = next
	if len(s.buf) > 0 {
		s.next.Read(Up, s.buf, s.began)
		s.buf = nil
	}
}

func (s *sniffer) End(dir Direction, at time.Time) {
	if s.next == nil {
		s.choose(s.fallback())
	}
	s.next.End(dir, at)
}

func (s *sniffer) Stop(trouble string, at time.Time) {
	if s.next == nil {
		s.choose(s.fallback())
	}
	s.next.Stop(trouble, at)
}

// fallback reads a connection whose caller has not said enough.
func (s *sniffer) fallback() Decoder {
	switch s.protocol {
	case HTTP:
		return newHTTP1(s.limits, s.emit)
	case GRPC:
		return newHTTP2(s.limits, s.emit, GRPC)
	}
	return newTCP(s.limits, s.emit, TCP, "")
}

// sniff returns the decoder for what begins with p, nil if p does not tell yet.
func (s *sniffer) sniff(p []byte) Decoder {
	if p[0] == 0x16 {
		if len(p) < 2 {
			return nil
		}
		if p[1] == 3 {
			return newTCP(s.limits, s.emit, cmpOr(s.protocol, TCP), encrypted)
		}
	}
	if s.protocol == GRPC {
		return newHTTP2(s.limits, s.emit, GRPC)
	}
	if n := min(len(p), prefaceDecides); string(p[:n]) == preface[:n] {
		if n < prefaceDecides {
			return nil
		}
		return newHTTP2(s.limits, s.emit, HTTP)
	}
	if s.protocol == HTTP {
		return newHTTP1(s.limits, s.emit)
	}
	return s.sniffAny(p)
}

func cmpOr(a, b Protocol) Protocol {
	if a == Any {
		return b
	}
	return a
}

func (s *sniffer) sniffAny(p []byte) Decoder {
	switch {
	case p[0] == 0:
		if len(p) < 8 {
			return nil
		}
		if isPostgres(p) {
			return newPostgres(s.limits, s.emit)
		}
	case p[0] == '*':
		if known, redis := isRedisArray(p); !known {
			return nil
		} else if redis {
			return newRedis(s.limits, s.emit)
		}
	case maybeHead(Up, p):
		line, _, whole := bytes.Cut(p, []byte("\n"))
		if !whole {
			if len(p) > s.limits.Head {
				break
			}
			return nil
		}
		text := strings.TrimSuffix(string(line), "\r")
		if _, _, _, ok := requestLine(text); ok {
			return newHTTP1(s.limits, s.emit)
		}
		if isRedisInline(text) {
			return newRedis(s.limits, s.emit)
		}
	}
	return newTCP(s.limits, s.emit, TCP, "")
}

// isPostgres reports whether p begins with a start, or asks for TLS, GSS or a cancel.
func isPostgres(p []byte) bool {
	const cancel, tls, gss, major = 80877102, 80877103, 80877104, 3
	length, code := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	return length >= 8 && length <= 10000 && (code == cancel || code == tls || code == gss || code>>16 == major)
}

// isRedisArray reports whether p begins with a command of RESP: a count and a length.
func isRedisArray(p []byte) (known, redis bool) {
	for _, sign := range []byte("*$") {
		if len(p) == 0 {
			return false, false
		}
		if p[0] != sign {
			return true, false
		}
		n := 1
		for n < len(p) && n < 12 && isDigit(p[n]) {
			n++
		}
		end := p[n:min(n+2, len(p))]
		if string(end) != "\r\n"[:len(end)] || n == 1 && len(end) > 0 {
			return true, false
		}
		if len(end) < 2 {
			return false, false
		}
		p = p[n+2:]
	}
	return true, true
}

// isRedisInline reports whether line is a command as people and probes type them. Words
// that memcached has too are not in the list.
func isRedisInline(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(word) {
	case "PING", "AUTH", "HELLO", "INFO", "ECHO", "SELECT", "CLIENT", "CONFIG", "COMMAND", "MONITOR", "KEYS",
		"EXISTS", "SUBSCRIBE", "PSUBSCRIBE", "DBSIZE", "HGETALL", "LRANGE", "TTL":
		return true
	}
	return word == "GET" || word == "SET" || word == "DEL"
}
