package decode

import (
	"time"
)

// newPostgres reads version 3 of the protocol of PostgreSQL. Its messages are taken apart
// here: pgproto3 reads from a blocking reader, and refuses a message over its limit where
// the beginning has to be kept.
func newPostgres(limits Limits, emit Emit) Decoder {
	return &postgresDecoder{
		session:    session{protocol: Postgres, limits: limits, emit: emit},
		up:         postgresStream{untyped: true},
		statements: map[string]*postgresStatement{},
		portals:    map[string]*postgresPortal{},
	}
}

type postgresDecoder struct {
	session
	up, down postgresStream
	startup  *postgresCall // the first exchange, while it is open
	asked    bool          // a byte is to tell whether the connection is encrypted
	auth     int           // what the server asked of the client
	cancel   bool          // this connection only cancels

	steps      []postgresStep // what awaits answers, from head on
	head       int
	last       *postgresCall // whose steps are done, and whose end a Sync brings
	unit       *postgresCall // the call that extended messages are collected in
	skipping   bool          // the server skips to the next Sync
	statements map[string]*postgresStatement
	portals    map[string]*postgresPortal
	named      int // bytes that statements and portals hold
	dirty      *postgresCall
	work       []byte
}

type postgresStatement struct {
	text    string
	oids    []int
	columns []postgresColumn
	held    int
}

type postgresPortal struct {
	statement *postgresStatement
	formats   []bool
	columns   []postgresColumn
	held      int
}

// A postgresStep is a message of the client that has an answer.
type postgresStep struct {
	kind      byte
	call      *postgresCall
	statement *postgresStatement
	portal    *postgresPortal
}

type postgresCall struct {
	call
	parsed, bound, executed, shownOnce bool
	copying                            bool // from the client
	steps                              int  // that await answers
	columns                            []postgresColumn
	tags                               int
}

func (d *postgresDecoder) Read(dir Direction, p []byte, at time.Time) {
	for len(p) > 0 && !d.over && !d.ended[dir] {
		if d.opaque != nil {
			d.count(dir, len(p), at)
			break
		}
		n, trouble := 0, ""
		upBefore, downBefore := d.up.partial(), d.down.partial()
		switch {
		case dir == Down && d.asked:
			n, trouble = 1, d.answerEncryption(p[0], at)
			if d.opaque != nil {
				n = 0
			}
		case dir == Up && d.up.untyped && d.up.nhead == 0 && p[0] == 0x16:
			d.pass(nil, "encrypted", at)
		default:
			n, trouble = d.read(dir, p, at)
		}
		if trouble != "" {
			d.fail("no PostgreSQL: "+trouble, at)
			d.opaque.Request.Wire, d.opaque.Response.Wire = upBefore, downBefore
			continue
		}
		p = p[n:]
	}
	if d.dirty != nil {
		d.refresh(&d.dirty.call, at)
		d.dirty = nil
	}
}

func (d *postgresDecoder) read(dir Direction, p []byte, at time.Time) (int, string) {
	s, limit := &d.up, d.keepUp
	if dir == Down {
		s, limit = &d.down, d.keepDown
	}
	n, whole, trouble := s.next(p, at, limit)
	switch {
	case trouble != "" || !whole:
		return n, trouble
	case dir == Down:
		return n, d.answer(s.kind, postgresBody(s.body), at)
	case s.untyped:
		return n, d.start(postgresBody(s.body), at)
	}
	if d.held+d.named >= heldBytes || len(d.steps)-d.head > heldBytes/64 {
		d.fail("too many queries await answers", at)
		return n, ""
	}
	return n, d.ask(s.kind, postgresBody(s.body), at)
}

// keepUp says how much of a message is kept, and what is wrong with it.
func (d *postgresDecoder) keepUp(kind byte, size int64) (int, string) {
	switch kind {
	case 0:
		if size < 4 || size > 10000 {
			return 0, "it does not begin as a client does"
		}
		return 10000, ""
	case 'S', 'H', 'X', 'c':
		if size != 0 {
			return 0, "a message of the wrong length"
		}
		return 0, ""
	case 'Q', 'd':
		return d.limits.Body, ""
	case 'P', 'B', 'D', 'E', 'C', 'F', 'p', 'f':
		return d.limits.Head, ""
	}
	return 0, "a message of no type"
}

func (d *postgresDecoder) keepDown(kind byte, size int64) (int, string) {
	switch kind {
	case '1', '2', '3', 'n', 's', 'I', 'c':
		if size != 0 {
			return 0, "an answer of the wrong length"
		}
		return 0, ""
	case 'Z':
		if size != 1 {
			return 0, "an answer of the wrong length"
		}
		return 1, ""
	case 'D':
		if c := d.current(); c == nil || !d.roomForMessage(&c.call) {
			return 0, ""
		}
		return d.limits.Body, ""
	case 'd', 'V', 'A':
		return d.limits.Body, ""
	case 'R', 'S', 'K', 'v', 'C', 'T', 't', 'E', 'N', 'G', 'H', 'W':
		return d.limits.Head, ""
	}
	return 0, "an answer of no type"
}

const (
	postgresCancel    = 80877102
	postgresSSL       = 80877103
	postgresGSS       = 80877104
	postgresThree     = 3
	encryptedTrouble  = "encrypted"
	replicatedTrouble = "replication is not decoded"
)

// start takes a message that has no type.
func (d *postgresDecoder) start(b postgresBody, at time.Time) string {
	code := b.int32()
	if d.startup == nil {
		d.startup = new(postgresCall)
		d.open(&d.startup.call, d.up.began)
	}
	c := d.startup
	c.Request.Wire += d.up.wire()
	switch {
	case code == postgresSSL || code == postgresGSS:
		c.Method = "SSLREQUEST"
		if code == postgresGSS {
			c.Method = "GSSENCREQUEST"
		}
		d.asked = true
	case code == postgresCancel:
		c.Method, c.lasting, d.cancel = "CANCEL", true, true
		d.field(&c.call, &c.Request, "process_id", postgresText(b.bytes(4), oidInt4, true), false)
		d.field(&c.call, &c.Request, "secret_key", postgresText(b, oidBytea, true), true)
	case code>>16 == postgresThree:
		c.Method = "STARTUP"
		d.up.untyped = false
		for len(b) > 1 {
			name := string(b.text())
			d.field(&c.call, &c.Request, name, string(b.text()), false)
			if f := c.Request.Fields[max(0, len(c.Request.Fields)-1)]; f.Name == "database" || f.Name == "user" && c.Path == "" {
				c.Path = f.Value
			}
		}
		d.push(postgresStep{kind: 0, call: c})
	default:
		return "it does not begin as a client does"
	}
	d.show(&c.call, at)
	return ""
}

// answerEncryption takes the one byte that answers a wish for encryption.
func (d *postgresDecoder) answerEncryption(answer byte, at time.Time) string {
	c := d.startup
	d.asked = false
	if c.Answered.IsZero() {
		c.Answered = at
	}
	switch answer {
	case 'S', 'G':
		d.pass(&c.call, encryptedTrouble, at)
	case 'N':
		c.Response.Wire++
	default:
		return "an answer of no type"
	}
	return ""
}

func (d *postgresDecoder) field(c *call, part *Part, name, value string, secret bool) {
	if d.held >= heldBytes {
		return
	}
	d.hold(c, len(name)+len(value)+40)
	part.Fields = append(part.Fields, Field{Name: name, Value: value, Secret: secret})
}

func (d *postgresDecoder) End(dir Direction, at time.Time) {
	if d.over || d.ended[dir] {
		return
	}
	d.ended[dir] = true
	if d.ended[Up] && d.ended[Down] || dir == Down && d.opaque == nil {
		d.finish(closed, true, at)
		d.over = true
	}
}

func (d *postgresDecoder) Stop(trouble string, at time.Time) {
	if !d.over {
		d.finish(trouble, false, at)
		d.over = true
	}
}

func (d *postgresDecoder) fail(trouble string, at time.Time) {
	d.finish(trouble, false, at)
	d.pass(nil, trouble, at)
}

// finish ends everything that is open; natural says that the connection has ended.
func (d *postgresDecoder) finish(trouble string, natural bool, at time.Time) {
	end := func(c *call) {
		if c.lasting && natural {
			d.end(c, "", at)
		} else {
			d.end(c, trouble, at)
		}
	}
	if d.startup != nil {
		end(&d.startup.call)
	}
	if d.last != nil {
		end(&d.last.call)
	}
	for _, s := range d.steps[d.head:] {
		if s.call != nil {
			end(&s.call.call)
		}
	}
	if d.opaque != nil {
		end(d.opaque)
	}
	d.startup, d.last, d.unit, d.dirty, d.steps, d.head = nil, nil, nil, nil, nil, 0
}

func uint32Text(p []byte) string {
	if len(p) < 4 {
		return ""
	}
	return postgresText(p[:4], oidOid, true)
}
