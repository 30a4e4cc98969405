package decode

import (
	"maps"
	"slices"
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
			if d.down.wire == 0 {
				d.down.hide = d.head < len(d.queue) && d.queue[d.head].Method == "CONFIG GET"
			}
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
	open := slices.Collect(maps.Values(d.subs))
	open = append(append(open, d.queue[d.head:]...), d.monitor, d.pushes)
	open = slices.DeleteFunc(open, func(c *redisCall) bool { return c == nil })
	slices.SortFunc(open, func(a, b *redisCall) int { return a.Seq - b.Seq })
	for _, c := range open {
		end(&c.call)
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
