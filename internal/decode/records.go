package decode

import (
	"slices"
	"time"
)

// What all open exchanges of a connection may keep together, in bodies and in heads, so
// that a thousand calls that nobody answers do not fill the memory.
const (
	openBodies = 64
	openHeads  = 4
	// mostOpen is how many may be open at once.
	mostOpen = 1000
)

// tooMany is the trouble of a call that is one too many.
const tooMany = "too many calls were open at once"

// records numbers the exchanges of a connection, tells them, and bounds what they keep.
type records struct {
	limits Limits
	emit   Emit
	seq    int
	open   int
	kept   int // bytes of all that are open
}

// A record is an exchange that may be open.
type record struct {
	Exchange
	kept  int
	ended bool
}

func (r *records) begin(x *record, protocol Protocol, at time.Time) {
	r.seq++
	r.open++
	x.Seq, x.Protocol, x.Began = r.seq, protocol, at
}

// full says that no more exchanges can be followed.
func (r *records) full() bool {
	return r.open >= mostOpen || r.kept > openBodies*r.limits.Body+openHeads*r.limits.Head
}

// charge counts n bytes that x keeps.
func (r *records) charge(x *record, n int) {
	x.kept += n
	r.kept += n
}

// tell emits x as it is. Its slices have no room, as they grow further here.
func (r *records) tell(x *record) {
	told := x.Exchange
	told.Messages = slices.Clip(told.Messages)
	told.Request.Body, told.Response.Body = slices.Clip(told.Request.Body), slices.Clip(told.Response.Body)
	r.emit(told)
}

// end emits x for the last time. A trouble that it had before stands.
func (r *records) end(x *record, trouble string, at time.Time) {
	if x.ended {
		return
	}
	x.ended, x.Ended = true, at
	if x.Trouble == "" {
		x.Trouble = trouble
	}
	r.open--
	r.kept -= x.kept
	r.tell(x)
}

// fail tells trouble as an exchange of its own.
func (r *records) fail(protocol Protocol, trouble string, at time.Time) {
	x := new(record)
	r.begin(x, protocol, at)
	r.end(x, trouble, at)
}

// content counts data of the content of a part of x, and keeps what the limits allow.
// Whole is how much is expected, or -1.
func (r *records) content(x *record, part *Part, data []byte, whole int64) {
	part.Size += int64(len(data))
	room := min(r.limits.Body-len(part.Body), openBodies*r.limits.Body-r.kept, len(data))
	// Once a part is cut nothing follows, as Body is a beginning.
	if room <= 0 || int64(len(part.Body)+len(data)) != part.Size {
		return
	}
	if part.Body == nil {
		expected := max(whole, int64(len(data)))
		part.Body = make([]byte, 0, min(expected, int64(r.limits.Body)))
	}
	part.Body = append(part.Body, data[:room]...)
	r.charge(x, room)
}

// message adds m to x and tells it.
func (r *records) message(x *record, m Message) {
	const own = 80 // bytes of a Message without its data
	if len(x.Messages) < r.limits.Messages && r.kept+len(m.Data) <= openBodies*r.limits.Body && x.Left == 0 {
		x.Messages = append(x.Messages, m)
		r.charge(x, len(m.Data)+own)
	} else {
		x.Left++
	}
	r.tell(x)
}

// head notes what a head of n bytes with fields keeps.
func (r *records) head(x *record, n, fields int) {
	const own = 40 // bytes of a Field without its texts
	r.charge(x, n+fields*own)
}
