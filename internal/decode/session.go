package decode

import "time"

// heldBytes bounds what a session holds of its open exchanges, whatever the limits of each.
const heldBytes = 8 << 20

// exchangeBytes is about what an exchange takes without what its slices hold.
const exchangeBytes = 512

// againAfter is how often an exchange is emitted of which only numbers change.
const againAfter = time.Second

// closed is the trouble of an exchange whose connection ended before it did.
const closed = "the connection was closed"

// A session is what the decoders of databases have in common: the numbers of exchanges, a
// bound on memory, and what a connection becomes when nobody can read it (any more).
type session struct {
	protocol Protocol
	limits   Limits
	emit     Emit
	seq      int
	held     int
	ended    [2]bool
	// opaque is the connection itself as an exchange, when its bytes are only counted.
	opaque *call
	over   bool
}

// A call is an exchange that is open.
type call struct {
	Exchange
	held    int
	shown   time.Time // of the last emission
	news    bool      // there is a new message since
	done    bool
	lasting bool // the end of the connection is its natural end
}

func (s *session) open(c *call, began time.Time) {
	s.seq++
	*c = call{Exchange: Exchange{Seq: s.seq, Protocol: s.protocol, Began: began}}
	s.hold(c, exchangeBytes)
}

func (s *session) hold(c *call, n int) {
	c.held += n
	s.held += n
}

func (s *session) show(c *call, at time.Time) {
	c.shown, c.news = at, false
	s.emit(c.Exchange)
}

// refresh emits a call that has a new message, or new numbers for a while.
func (s *session) refresh(c *call, at time.Time) {
	if !c.done && (c.news || at.Sub(c.shown) >= againAfter) {
		s.show(c, at)
	}
}

// end emits a call for the last time. It may be called again, and does nothing then.
func (s *session) end(c *call, trouble string, at time.Time) {
	if c.done {
		return
	}
	if c.Trouble == "" {
		c.Trouble = trouble
	}
	c.done, c.Ended = true, at
	s.held -= c.held
	s.show(c, at)
}

// message keeps a message, or counts it.
func (s *session) message(c *call, m Message, data []byte) {
	if !s.roomForMessage(c) {
		c.Left++
		return
	}
	m.Data = append([]byte(nil), data[:min(len(data), s.limits.Body)]...)
	s.hold(c, len(m.Data)+messageBytes)
	c.Messages = append(c.Messages, m)
	c.news = true
}

// messageBytes is about what a message takes without its data.
const messageBytes = 80

func (s *session) roomForMessage(c *call) bool {
	return len(c.Messages) < s.limits.Messages && s.held < heldBytes
}

// pass makes the connection an exchange that counts bytes, with a trouble that says why.
// c is what it becomes, or nil for a new one.
func (s *session) pass(c *call, trouble string, at time.Time) {
	if c == nil {
		c = new(call)
		s.open(c, at)
	}
	c.Trouble, c.lasting = trouble, true
	s.opaque = c
	s.show(c, at)
}

// count takes bytes of a connection that has been passed.
func (s *session) count(dir Direction, n int, at time.Time) {
	c := s.opaque
	if dir == Up {
		c.Request.Wire += int64(n)
	} else {
		c.Response.Wire += int64(n)
		if c.Answered.IsZero() {
			c.Answered = at
		}
	}
	s.refresh(c, at)
}

// keep appends to a beginning as far as the limit goes.
func keep(to, p []byte, limit int) []byte {
	if room := limit - len(to); room > 0 {
		return append(to, p[:min(room, len(p))]...)
	}
	return to
}
