package decode

import (
	"bytes"
	"time"
)

// newRedis reads RESP2 and RESP3.
func newRedis(limits Limits, emit Emit) Decoder {
	return &redisDecoder{
		session: session{protocol: Redis, limits: limits, emit: emit},
		up:      redisCommand{limits: limits},
		down:    redisReply{limits: limits},
		names:   map[string]string{},
		subs:    map[string]*redisCall{},
	}
}

type redisDecoder struct {
	session
	up    redisCommand
	down  redisReply
	queue []*redisCall // what awaits replies, from head on
	head  int
	free  []*redisCall
	names map[string]string
	work  []byte
	// subs tells, by family and channel, which call subscribed.
	subs    map[string]*redisCall
	monitor *redisCall
	pushes  *redisCall // takes what belongs to no subscription
	dirty   []*redisCall
	// silent says that no replies come, skip that the next does not; loose that one of
	// them was ever told, so that a reply too many is no mistake.
	silent, skip, loose bool
}

type redisKind byte

const (
	redisPlain redisKind = iota
	redisSubscribe
	redisUnsubscribe
	redisMonitor
	redisPsync
	redisReset
)

type redisCall struct {
	call
	kind     redisKind
	want     int // confirmations that are still to come
	channels int // to which it is subscribed
}

func (d *redisDecoder) Read(dir Direction, p []byte, at time.Time) {
	for len(p) > 0 && !d.over && !d.ended[dir] {
		if d.opaque != nil {
			d.count(dir, len(p), at)
			break
		}
		n, whole, trouble := 0, false, ""
		upBefore, downBefore := d.up.wire, d.down.wire
		if dir == Up {
			n, whole, trouble = d.up.next(p, at)
		} else {
			n, whole, trouble = d.down.next(p, at)
		}
		if trouble != "" {
			d.fail("no Redis: "+trouble, at)
			d.opaque.Request.Wire, d.opaque.Response.Wire = upBefore, downBefore
			continue
		}
		p = p[n:]
		if whole && dir == Up {
			d.command(at)
			d.up.reset()
		} else if whole {
			d.reply(at)
			d.down.reset()
		}
	}
	d.flush(at)
}

func (d *redisDecoder) flush(at time.Time) {
	for i, c := range d.dirty {
		d.refresh(&c.call, at)
		d.dirty[i] = nil
	}
	d.dirty = d.dirty[:0]
}

func (d *redisDecoder) End(dir Direction, at time.Time) {
	if d.over || d.ended[dir] {
		return
	}
	d.ended[dir] = true
	if d.ended[Up] && d.ended[Down] || dir == Down && d.opaque == nil {
		d.finish(closed, true, at)
		d.over = true
	}
}

func (d *redisDecoder) Stop(trouble string, at time.Time) {
	if !d.over {
		d.finish(trouble, false, at)
		d.over = true
	}
}

func (d *redisDecoder) fail(trouble string, at time.Time) {
	d.finish(trouble, false, at)
	d.pass(nil, trouble, at)
}

// finish ends everything that is open; natural says that the connection has ended.
func (d *redisDecoder) finish(trouble string, natural bool, at time.Time) {
	end := func(c *call) {
		if c.lasting && natural {
			d.end(c, "", at)
		} else {
			d.end(c, trouble, at)
		}
	}
	lasting := []*redisCall{}
	for _, c := range d.subs {
		lasting = append(lasting, c)
	}
	for _, c := range append(append(lasting, d.queue[d.head:]...), d.monitor, d.pushes) {
		if c != nil {
			end(&c.call)
		}
	}
	if d.opaque != nil {
		end(d.opaque)
	}
	d.queue, d.head, d.monitor, d.pushes, d.dirty = nil, 0, nil, nil, nil
	clear(d.subs)
}

// command takes the command that has been read.
func (d *redisDecoder) command(at time.Time) {
	if d.held >= heldBytes {
		d.fail("too many commands await replies", at)
		return
	}
	c := d.newCall()
	d.open(&c.call, d.up.began)
	d.describe(c)
	if d.mute(c) {
		c.Request.Wire = d.up.wire
		d.end(&c.call, "", at)
		d.free = append(d.free, c)
		return
	}
	d.expect(c)
	d.queue = append(d.queue, c)
	if c.Method == "SYNC" {
		d.sync(c, at)
		return
	}
	d.show(&c.call, at)
}

// sync leaves the connection to replication.
func (d *redisDecoder) sync(c *redisCall, at time.Time) {
	d.queue = d.queue[:len(d.queue)-1]
	d.finish(closed, false, at)
	d.pass(&c.call, "replication is not decoded", at)
}

func (d *redisDecoder) newCall() *redisCall {
	if n := len(d.free); n > 0 {
		c := d.free[n-1]
		d.free = d.free[:n-1]
		*c = redisCall{}
		return c
	}
	return new(redisCall)
}

// mute reports whether no reply comes to a command, and heeds CLIENT REPLY.
func (d *redisDecoder) mute(c *redisCall) bool {
	if c.Method == "CLIENT REPLY" {
		d.loose = true
		switch arg := d.up.arg(2); {
		case is(arg, "ON"):
			d.silent, d.skip = false, false
			return false
		case is(arg, "OFF"):
			d.silent = true
			return true
		case is(arg, "SKIP"):
			d.skip = !d.silent
			return true
		}
	}
	muted := d.silent || d.skip
	d.skip = false
	return muted
}

// expect says what replies a command has.
func (d *redisDecoder) expect(c *redisCall) {
	switch c.Method {
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		c.kind, c.want = redisSubscribe, d.up.size-1
	case "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
		c.kind, c.want = redisUnsubscribe, d.up.size-1
	case "MONITOR":
		c.kind = redisMonitor
	case "PSYNC":
		c.kind = redisPsync
	case "RESET":
		c.kind = redisReset
	case "QUIT", "SHUTDOWN":
		c.lasting = true
	}
}

// reply takes the reply that has been read.
func (d *redisDecoder) reply(at time.Time) {
	r := &d.down
	switch {
	case r.top == '>' || d.isPush():
		d.push(at)
		return
	case d.monitor != nil && r.top == '+' && len(r.out) > 0 && r.out[0] >= '0' && r.out[0] <= '9':
		d.tell(d.monitor, at)
		return
	case d.head == len(d.queue):
		d.unasked(at)
		return
	}
	c := d.queue[d.head]
	d.answer(c)
	switch {
	case c.Failed || c.kind == redisPlain || c.Status == "QUEUED":
	case c.kind == redisMonitor:
		d.monitor, c.lasting = c, true
		d.pop()
		d.show(&c.call, at)
		return
	case c.kind == redisPsync:
		d.pop()
		d.finish(closed, false, at)
		d.pass(&c.call, "replication is not decoded", at)
		return
	case c.kind == redisReset:
		d.forget(at)
	}
	d.pop()
	d.end(&c.call, "", at)
	if c.kind == redisPlain {
		d.free = append(d.free, c)
	}
}

func (d *redisDecoder) pop() {
	d.queue[d.head] = nil
	d.head++
	if d.head == len(d.queue) {
		d.queue, d.head = d.queue[:0], 0
	} else if d.head >= 1024 && d.head*2 > len(d.queue) {
		d.queue = d.queue[:copy(d.queue, d.queue[d.head:])]
		d.head = 0
	}
}

// unasked takes a reply to no command: the error of a server that refuses.
func (d *redisDecoder) unasked(at time.Time) {
	if top := d.down.top; top != '-' && top != '!' {
		if !d.loose {
			d.fail("no Redis: a reply without a command", at)
		}
		return
	}
	c := new(redisCall)
	d.open(&c.call, d.down.began)
	d.answer(c)
	d.end(&c.call, "", at)
}

// answer puts a reply into a call.
func (d *redisDecoder) answer(c *redisCall) {
	r := &d.down
	if c.Answered.IsZero() {
		c.Answered = r.began
	}
	c.Response.Wire += r.wire
	c.Response.Size += r.size
	c.Response.Body = append(make([]byte, 0, len(r.out)), r.out...)
	d.hold(&c.call, len(r.out))
	switch {
	case r.null:
		c.Status = "nil"
	case r.top == '-' || r.top == '!':
		c.Failed = true
		word, _, _ := bytes.Cut(r.out, []byte(" "))
		c.Status = d.name(word[:min(len(word), 64)])
	case r.top == '+':
		c.Status = d.name(r.out[:min(len(r.out), 64)])
	default:
		c.Status = "OK"
	}
}

// name makes a string of p, the same again where it is frequent.
func (d *redisDecoder) name(p []byte) string {
	if s, ok := d.names[string(p)]; ok {
		return s
	}
	s := string(p)
	if len(d.names) < 256 {
		d.names[s] = s
	}
	return s
}
