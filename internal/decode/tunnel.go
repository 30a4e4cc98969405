package decode

import "time"

// A tunnel is a connection whose bytes nobody reads: they are counted in one exchange,
// which ends with the connection.
type tunnel struct {
	*records
	x *record
	// body says that the beginning of each direction is kept as its content.
	body  bool
	ended [2]bool
}

// newTCP counts a connection of protocol, with trouble where it is none of it.
func newTCP(limits Limits, emit Emit, protocol Protocol, trouble string) *tunnel {
	x := new(record)
	x.Protocol, x.Trouble = protocol, trouble
	return &tunnel{records: &records{limits: limits, emit: emit}, x: x}
}

func (t *tunnel) Read(dir Direction, p []byte, at time.Time) {
	if t.x.ended || len(p) == 0 {
		return
	}
	first := t.x.Seq == 0
	if first {
		t.begin(t.x, t.x.Protocol, at)
	}
	part := &t.x.Request
	if dir == Down {
		part = &t.x.Response
		if t.x.Answered.IsZero() {
			t.x.Answered, first = at, true
		}
	}
	part.Wire += int64(len(p))
	if t.body {
		t.content(t.x, part, p, -1)
	}
	if first {
		t.tell(t.x)
	}
}

func (t *tunnel) End(dir Direction, at time.Time) {
	t.ended[dir] = true
	if t.ended[Up] && t.ended[Down] {
		t.Stop("", at)
	}
}

func (t *tunnel) Stop(trouble string, at time.Time) {
	if t.x.Seq > 0 {
		t.end(t.x, trouble, at)
	}
	t.x.ended = true
}
