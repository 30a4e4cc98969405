package decode

import (
	"strings"
	"time"
)

func (d *postgresDecoder) push(s postgresStep) {
	if s.call != nil {
		s.call.steps++
	}
	d.steps = append(d.steps, s)
}

// current is the call whose answer comes next.
func (d *postgresDecoder) current() *postgresCall {
	if d.head < len(d.steps) {
		return d.steps[d.head].call
	}
	return nil
}

// ask takes a message of the client.
func (d *postgresDecoder) ask(kind byte, b postgresBody, at time.Time) string {
	switch kind {
	case 'Q', 'F':
		d.closeUnit(at)
		d.query(kind, b, at)
	case 'P', 'B', 'D', 'E', 'C':
		d.extended(kind, b, at)
	case 'S':
		d.sync(at)
	case 'H':
		if c := d.unit; c != nil {
			c.Request.Wire += d.up.wire()
			d.announce(c, at)
		}
	case 'd', 'c', 'f':
		d.copyIn(kind, b)
	case 'p':
		d.password(b)
	}
	return ""
}

func (d *postgresDecoder) query(kind byte, b postgresBody, at time.Time) {
	c := new(postgresCall)
	d.open(&c.call, d.up.began)
	c.Request.Wire = d.up.wire()
	if kind == 'F' {
		c.Method, c.Path = "FUNCTION", uint32Text(b.bytes(4))
	} else {
		d.text(c, string(b.text()))
		c.Method = string(firstWord([]byte(c.Path)))
		if c.Method == "" {
			c.Method = "QUERY"
		}
		if d.up.size > int64(d.limits.Body) {
			c.Path += "…"
		}
	}
	d.push(postgresStep{kind: kind, call: c})
	d.show(&c.call, at)
	c.shownOnce = true
}

// text puts a query into a call, its passwords hidden.
func (d *postgresDecoder) text(c *postgresCall, text string) {
	shown, secrets := hidePasswords(text)
	c.Path = shown
	d.hold(&c.call, len(shown))
	for _, s := range secrets {
		d.field(&c.call, &c.Request, "password", s, true)
	}
}

// sync ends what an extended query asked.
func (d *postgresDecoder) sync(at time.Time) {
	c := d.unit
	d.closeUnit(at)
	if h := d.current(); h != nil && h.copying && d.steps[d.head].kind == 'E' {
		h.Request.Wire += d.up.wire()
		return // a server that takes a copy skips it
	}
	if c == nil {
		for i := len(d.steps) - 1; i >= d.head && c == nil && d.steps[i].kind == 'E'; i-- {
			c = d.steps[i].call
		}
	}
	if c == nil && d.last != nil && d.head == len(d.steps) {
		c = d.last
	}
	if c != nil {
		c.Request.Wire += d.up.wire()
	}
	d.push(postgresStep{kind: 'S', call: c})
}

// closeUnit makes the call known that extended messages have been collected in.
func (d *postgresDecoder) closeUnit(at time.Time) {
	if d.unit != nil {
		d.announce(d.unit, at)
		d.unit = nil
	}
}

func (d *postgresDecoder) announce(c *postgresCall, at time.Time) {
	if c.Method == "" {
		c.Method = "QUERY"
	}
	if !c.shownOnce && !c.done {
		c.shownOnce = true
		d.show(&c.call, at)
	}
}

// copyIn takes what a client copies to the server.
func (d *postgresDecoder) copyIn(kind byte, b postgresBody) {
	c := d.current()
	if c == nil {
		return
	}
	c.Request.Wire += d.up.wire()
	switch kind {
	case 'd':
		before := len(c.Request.Body)
		c.Request.Body = keep(c.Request.Body, b, d.limits.Body)
		c.Request.Size += d.up.size
		d.hold(&c.call, len(c.Request.Body)-before)
	case 'c', 'f':
		c.copying = false
	}
}

// password takes what a client proves who it is with.
func (d *postgresDecoder) password(b postgresBody) {
	c := d.startup
	if c == nil {
		return
	}
	c.Request.Wire += d.up.wire()
	name := "password"
	switch d.auth {
	case 10:
		d.field(&c.call, &c.Request, "sasl_mechanism", string(b.text()), false)
		b.int32()
		name = "sasl"
	case 11, 12:
		name = "sasl"
	case 7, 8, 9:
		name = "gssapi"
	}
	d.field(&c.call, &c.Request, name, strings.TrimRight(string(b), "\x00"), true)
}

// hidePasswords takes the literals behind the word PASSWORD out of a text, for roles are
// made with them.
func hidePasswords(text string) (shown string, secrets []string) {
	const word = "password"
	from := 0
	for i := 0; i+len(word) < len(text); i++ {
		if text[i]|0x20 != 'p' || !strings.EqualFold(text[i:i+len(word)], word) {
			continue
		}
		j := i + len(word)
		for j < len(text) && isBlank(text[j]) {
			j++
		}
		if j == i+len(word) && (j >= len(text) || text[j] != '\'') || j >= len(text) || text[j] != '\'' {
			continue
		}
		end := j + 1
		for end < len(text) && (text[end] != '\'' || end+1 < len(text) && text[end+1] == '\'') {
			if text[end] == '\'' {
				end++
			}
			end++
		}
		secrets = append(secrets, text[j+1:min(end, len(text))])
		shown += text[from:j] + hidden
		from = min(end+1, len(text))
		i = from - 1
	}
	return shown + text[from:], secrets
}
