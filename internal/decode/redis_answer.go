package decode

import (
	"bytes"
	"time"
)

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
	for _, f := range r.secrets {
		c.Response.Fields = append(c.Response.Fields, f)
		d.hold(&c.call, len(f.Value))
	}
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
