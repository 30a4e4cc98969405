package decode

import (
	"strconv"
	"strings"
	"time"
)

// mostNames bounds how many statements, and portals, of a connection are known by name.
const mostNames = 1024

// mostColumns is how many columns a result of PostgreSQL may have.
const mostColumns = 1664

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

// extended takes a message of an extended query. What leads to one Execute is one call.
func (d *postgresDecoder) extended(kind byte, b postgresBody, at time.Time) {
	if c := d.unit; c != nil && (kind == 'P' && (c.parsed || c.bound) || kind == 'B' && c.bound) {
		d.closeUnit(at)
	}
	if d.unit == nil || d.unit.done {
		d.settle(at)
		d.unit = new(postgresCall)
		d.open(&d.unit.call, d.up.began)
	}
	c := d.unit
	c.Request.Wire += d.up.wire()
	step := postgresStep{kind: kind, call: c}
	switch kind {
	case 'P':
		step.statement = d.parse(c, b)
	case 'B':
		step.portal = d.bind(c, b)
		step.statement = step.portal.statement
	case 'D', 'C':
		d.describeOrClose(&step, b)
	case 'E':
		step.portal = d.portals[string(b.text())]
		if !c.bound && step.portal != nil {
			d.about(c, step.portal.statement)
		}
		c.executed = true
		c.Method = string(firstWord([]byte(c.Path)))
	}
	d.push(step)
	if kind == 'E' {
		d.closeUnit(at)
	}
}

// settle ends a call whose answers have all come and that no Sync waits for.
func (d *postgresDecoder) settle(at time.Time) {
	if d.last != nil && d.last.steps == 0 {
		d.end(&d.last.call, "", at)
		d.last = nil
	}
}

func (d *postgresDecoder) about(c *postgresCall, s *postgresStatement) {
	if s != nil && c.Path == "" {
		d.text(c, s.text)
	}
}

func (d *postgresDecoder) parse(c *postgresCall, b postgresBody) *postgresStatement {
	name := string(b.text())
	text := b.text()
	s := &postgresStatement{text: string(text[:min(len(text), d.limits.Body)])}
	if len(text) > d.limits.Body {
		s.text += "…"
	}
	for n := b.int16(); n > 0 && len(b) >= 4; n-- {
		s.oids = append(s.oids, b.int32())
	}
	d.forget(d.statements[name], nil)
	d.size(&s.held, len(s.text)+8*len(s.oids)+64)
	d.statements[name] = s
	c.parsed, c.Method = true, "PARSE"
	c.Path = ""
	d.about(c, s)
	return s
}

func (d *postgresDecoder) bind(c *postgresCall, b postgresBody) *postgresPortal {
	name := string(b.text())
	statement := string(b.text())
	p := &postgresPortal{statement: d.statements[statement]}
	formats := b.formats()
	n := int(uint16(b.int16()))
	for i := 0; i < n && len(b) > 0; i++ {
		oid := 0
		if p.statement != nil && i < len(p.statement.oids) {
			oid = p.statement.oids[i]
		}
		value := "NULL"
		if size := b.int32(); size >= 0 {
			v := b.bytes(size)
			value = postgresParameter(postgresText(v[:min(len(v), d.limits.Body)], oid, formatOf(formats, i)))
			if len(v) < size || len(v) > d.limits.Body {
				value += "…"
			}
		}
		d.field(&c.call, &c.Request, "$"+strconv.Itoa(i+1), value, false)
	}
	p.formats = b.formats()
	p.formats = p.formats[:min(len(p.formats), mostColumns)]
	d.forget(nil, d.portals[name])
	d.size(&p.held, len(p.formats)+64)
	d.portals[name] = p
	c.bound = true
	if c.Method == "" {
		c.Method = "BIND"
	}
	d.about(c, p.statement)
	if c.Path == "" {
		c.Path = "statement " + strconv.Quote(statement)
	}
	return p
}

// formats reads the list of formats of values: true is binary.
func (b *postgresBody) formats() (formats []bool) {
	for n := uint16(b.int16()); n > 0 && len(*b) >= 2; n-- {
		formats = append(formats, b.int16() == 1)
	}
	return formats
}

// describeOrClose takes a Describe or a Close, which say of what.
func (d *postgresDecoder) describeOrClose(step *postgresStep, b postgresBody) {
	what := b.bytes(1)
	name := string(b.text())
	c := step.call
	if len(what) == 1 && what[0] == 'S' {
		step.statement = d.statements[name]
		if c.Method == "" {
			d.about(c, step.statement)
		}
	} else if step.portal = d.portals[name]; step.portal != nil && c.Method == "" {
		d.about(c, step.portal.statement)
	}
	if c.Method == "" {
		c.Method = "DESCRIBE"
		if step.kind == 'C' {
			c.Method = "CLOSE"
		}
		if c.Path == "" {
			c.Path = strconv.Quote(name)
		}
	}
	switch {
	case step.kind != 'C':
	case step.portal != nil:
		d.size(&step.portal.held, 0)
		delete(d.portals, name)
	case step.statement != nil:
		d.size(&step.statement.held, 0)
		delete(d.statements, name)
	}
}

// size accounts for what a statement or a portal holds.
func (d *postgresDecoder) size(held *int, n int) {
	d.named += n - *held
	*held = n
}

// forget makes room where a statement or a portal is replaced: if there are too many, all go.
func (d *postgresDecoder) forget(s *postgresStatement, p *postgresPortal) {
	if s != nil {
		d.size(&s.held, 0)
	}
	if p != nil {
		d.size(&p.held, 0)
	}
	if len(d.statements) >= mostNames || len(d.portals) >= mostNames || d.named > heldBytes/2 {
		clear(d.statements)
		clear(d.portals)
		d.named = 0
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
