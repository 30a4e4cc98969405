package decode

import (
	"strconv"
	"time"
)

// mostNames bounds how many statements, and portals, of a connection are known by name.
const mostNames = 1024

// mostColumns is how many columns a result of PostgreSQL may have.
const mostColumns = 1664

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
		if c.Method = "EXECUTE"; step.portal != nil && step.portal.statement != nil {
			c.Method = string(firstWord([]byte(c.Path)))
		}
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
