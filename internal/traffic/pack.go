package traffic

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

// errPacked is the error of bytes that no pack has made.
var errPacked = errors.New("cannot read a packed exchange")

// packer appends an exchange to bytes. A store in bytes, rather than in values that point
// at others, is counted exactly and costs the garbage collector nothing.
type packer struct{ b []byte }

func (p *packer) int(n int64)   { p.b = binary.AppendVarint(p.b, n) }
func (p *packer) uint(n uint64) { p.b = binary.AppendUvarint(p.b, n) }

func (p *packer) text(s string) {
	p.uint(uint64(len(s)))
	p.b = append(p.b, s...)
}

func (p *packer) bytes(s []byte) {
	p.uint(uint64(len(s)))
	p.b = append(p.b, s...)
}

// time keeps nanoseconds, without the zone.
func (p *packer) time(t time.Time) { p.int(nano(t)) }

// nano is 0 for the zero time.
func nano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

func (p *packer) bool(v bool) {
	n := uint64(0)
	if v {
		n = 1
	}
	p.uint(n)
}

func (p *packer) fields(fields []decode.Field) {
	p.uint(uint64(len(fields)))
	for _, f := range fields {
		p.text(f.Name)
		p.text(f.Value)
		p.bool(f.Secret)
	}
}

func (p *packer) part(part *decode.Part) {
	p.text(part.Line)
	p.fields(part.Fields)
	p.fields(part.Trailers)
	p.int(part.Size)
	p.int(part.Wire)
}

// head packs what a row is made of: all of x but its number, its bodies and messages.
func (p *packer) head(x *decode.Exchange) {
	p.text(string(x.Protocol))
	p.text(x.Method)
	p.text(x.Path)
	p.text(x.Status)
	p.bool(x.Failed)
	p.time(x.Began)
	p.time(x.Answered)
	p.time(x.Ended)
	p.part(&x.Request)
	p.part(&x.Response)
	p.int(int64(x.Left))
	p.text(x.Trouble)
}

func (p *packer) bodies(x *decode.Exchange) {
	p.bytes(x.Request.Body)
	p.bytes(x.Response.Body)
}

func (p *packer) message(m *decode.Message) {
	p.time(m.At)
	p.int(int64(m.Dir))
	p.text(m.Kind)
	p.bytes(m.Data)
	p.int(m.Size)
	p.bool(m.Secret)
}

// unpacker reads what a packer has written. After the first error all is zero.
type unpacker struct {
	b   []byte
	err error
}

func (u *unpacker) int() int64 {
	n, size := binary.Varint(u.b)
	return n * u.took(size)
}

func (u *unpacker) uint() uint64 {
	n, size := binary.Uvarint(u.b)
	return n * uint64(u.took(size))
}

// took takes a number of size bytes off; the result is 0 where there was none.
func (u *unpacker) took(size int) int64 {
	if size <= 0 || u.err != nil {
		u.b, u.err = nil, errPacked
		return 0
	}
	u.b = u.b[size:]
	return 1
}

func (u *unpacker) bytes() []byte {
	n := u.uint()
	if n > uint64(len(u.b)) {
		u.b, u.err = nil, errPacked
		return nil
	}
	out := u.b[:n:n]
	u.b = u.b[n:]
	return out
}

func (u *unpacker) text() string { return string(u.bytes()) }
func (u *unpacker) bool() bool   { return u.uint() != 0 }

func (u *unpacker) time() time.Time { return fromNano(u.int()) }

func (u *unpacker) fields() (out []decode.Field) {
	for n := u.uint(); n > 0 && u.err == nil; n-- {
		out = append(out, decode.Field{Name: u.text(), Value: u.text(), Secret: u.bool()})
	}
	return out
}

func (u *unpacker) part() decode.Part {
	return decode.Part{
		Line: u.text(), Fields: u.fields(), Trailers: u.fields(), Size: u.int(), Wire: u.int(),
	}
}

func (u *unpacker) head() decode.Exchange {
	return decode.Exchange{
		Protocol: decode.Protocol(u.text()), Method: u.text(), Path: u.text(), Status: u.text(), Failed: u.bool(),
		Began: u.time(), Answered: u.time(), Ended: u.time(),
		Request: u.part(), Response: u.part(), Left: int(u.int()), Trouble: u.text(),
	}
}

func (u *unpacker) bodies(x *decode.Exchange) { x.Request.Body, x.Response.Body = u.bytes(), u.bytes() }

func (u *unpacker) message() decode.Message {
	return decode.Message{
		At: u.time(), Dir: decode.Direction(u.int()), Kind: u.text(), Data: u.bytes(), Size: u.int(), Secret: u.bool(),
	}
}

// messages reads to the end of the bytes.
func (u *unpacker) messages() (out []decode.Message) {
	for len(u.b) > 0 && u.err == nil {
		m := u.message()
		if u.err == nil {
			out = append(out, m)
		}
	}
	return out
}
