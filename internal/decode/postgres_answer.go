package decode

import (
	"time"
)

// longestTags bounds the status of a query of many statements.
const longestTags = 200

// answer takes a message of the server.
func (d *postgresDecoder) answer(kind byte, b postgresBody, at time.Time) string {
	if d.asked || d.startup == nil && d.seq == 0 {
		return "an answer before a question"
	}
	c := d.find(kind, at)
	if c != nil {
		c.Response.Wire += d.down.wire()
		if c.Answered.IsZero() {
			c.Answered = d.down.began
		}
	}
	switch kind {
	case 'E':
		d.failed(c, b, at)
	case 'Z':
		d.ready(c, at)
	case 'N', 'A':
		d.notice(c, kind, b, at)
	case 'R':
		d.auth = b.int32()
	default:
		if c != nil {
			d.result(c, kind, b, at)
		}
	}
	return ""
}

// find is the call that a message answers. What the server left unanswered before it is
// given up.
func (d *postgresDecoder) find(kind byte, at time.Time) *postgresCall {
	switch kind {
	case 'N', 'E', 'A', 'S', 'R', 'K', 'v', 'Z':
		return d.current()
	}
	for i := d.head; i < len(d.steps); i++ {
		step := d.steps[i]
		if answers(kind, step.kind) {
			for d.head < i {
				d.pop(at)
			}
			return step.call
		}
		if step.kind == 'S' || step.kind == 'Q' || step.kind == 'F' || step.kind == 0 {
			break
		}
	}
	return nil
}

// answers reports whether a message of the server answers one of the client.
func answers(answer, ask byte) bool {
	switch answer {
	case '1':
		return ask == 'P'
	case '2':
		return ask == 'B'
	case '3':
		return ask == 'C'
	case 't', 'n':
		return ask == 'D'
	case 'T':
		return ask == 'D' || ask == 'Q'
	case 'V':
		return ask == 'F'
	}
	return ask == 'E' || ask == 'Q'
}

// pop takes a step from the queue. The call before, if it is another, has ended then.
func (d *postgresDecoder) pop(at time.Time) {
	c := d.steps[d.head].call
	d.steps[d.head] = postgresStep{}
	d.head++
	if d.head == len(d.steps) {
		d.steps, d.head = d.steps[:0], 0
	} else if d.head >= 1024 && d.head*2 > len(d.steps) {
		d.steps = d.steps[:copy(d.steps, d.steps[d.head:])]
		d.head = 0
	}
	if c == nil {
		return
	}
	c.steps--
	if d.last != nil && d.last != c {
		d.end(&d.last.call, "", at)
	}
	d.last = c
}

// result takes an answer that belongs to a call.
func (d *postgresDecoder) result(c *postgresCall, kind byte, b postgresBody, at time.Time) {
	step := d.steps[d.head]
	switch kind {
	case '1', '2', '3', 'n':
		if !c.executed && c.Status == "" {
			c.Status = "OK"
		}
		d.pop(at)
	case 't':
		if step.statement != nil {
			step.statement.oids = nil
			for n := b.int16(); n > 0 && len(b) >= 4; n-- {
				step.statement.oids = append(step.statement.oids, b.int32())
			}
		}
	case 'T':
		d.columns(c, step, rowColumns(b))
		if step.kind == 'D' {
			if !c.executed && c.Status == "" {
				c.Status = "OK"
			}
			d.pop(at)
		}
	case 'D':
		d.row(c, step, b, at)
	case 'C', 'I', 's':
		d.tag(c, kind, b)
		if step.kind == 'E' {
			d.pop(at)
		}
	case 'G':
		d.copyBegins(c, step)
	case 'd', 'V':
		before := len(c.Response.Body)
		c.Response.Body = keep(c.Response.Body, b, d.limits.Body)
		c.Response.Size += d.down.size
		d.hold(&c.call, len(c.Response.Body)-before)
		if kind == 'V' {
			c.Status = "OK"
		}
	case 'W':
		d.replicate(c, at)
	}
	d.parameter(c, kind, b)
}

// parameter takes what the server tells while a session starts.
func (d *postgresDecoder) parameter(c *postgresCall, kind byte, b postgresBody) {
	if c != d.startup {
		return
	}
	switch kind {
	case 'S':
		name := string(b.text())
		d.field(&c.call, &c.Response, name, string(b.text()), false)
	case 'K':
		d.field(&c.call, &c.Response, "process_id", postgresText(b.bytes(4), oidInt4, true), false)
		d.field(&c.call, &c.Response, "secret_key", postgresText(b, oidBytea, true), true)
	}
}

// copyBegins: a Sync behind the Execute of a copy has no answer.
func (d *postgresDecoder) copyBegins(c *postgresCall, step postgresStep) {
	c.copying = true
	for step.kind == 'E' && d.head+1 < len(d.steps) && d.steps[d.head+1].kind == 'S' {
		if sync := d.steps[d.head+1].call; sync != nil {
			sync.steps--
		}
		d.steps = append(d.steps[:d.head+1], d.steps[d.head+2:]...)
	}
}

func (d *postgresDecoder) replicate(c *postgresCall, at time.Time) {
	for i := d.head; i < len(d.steps); i++ {
		if d.steps[i].call == c {
			d.steps[i].call = nil
		}
	}
	if d.last == c {
		d.last = nil
	}
	d.finish(closed, false, at)
	d.pass(&c.call, replicatedTrouble, at)
}

func (d *postgresDecoder) tag(c *postgresCall, kind byte, b postgresBody) {
	tag := string(b.text())
	switch kind {
	case 'I':
		tag = "EMPTY"
	case 's':
		tag = "SUSPENDED"
	}
	switch {
	case c.tags == 0:
		c.Status = tag
	case len(c.Status)+len(tag) < longestTags:
		c.Status += "; " + tag
	}
	c.tags++
	c.columns = nil
}

// ready ends what a Sync, a query or the start of a session waited for.
func (d *postgresDecoder) ready(c *postgresCall, at time.Time) {
	for d.head < len(d.steps) {
		step := d.steps[d.head]
		if step.call != nil && step.kind != 'S' && d.skipping && step.call != d.last {
			d.skip(step.call, at)
			continue
		}
		d.pop(at)
		if step.kind == 'S' || !d.skipping && (step.kind == 'Q' || step.kind == 'F' || step.kind == 0) {
			if step.call != nil && step.kind != 'S' && step.call.Status == "" {
				step.call.Status = "OK"
			}
			break
		}
	}
	d.skipping = false
	if d.last != nil {
		d.end(&d.last.call, "", at)
		if d.last == d.startup {
			d.startup = nil
		}
		d.last = nil
	}
}

// skip takes a step from the queue that the server did not do.
func (d *postgresDecoder) skip(c *postgresCall, at time.Time) {
	last := d.last
	d.last = nil
	d.pop(at)
	d.last = last
	d.end(&c.call, "not run: a call before it in the pipeline failed", at)
}
