package decode

import "time"

func rowColumns(b postgresBody) (columns []postgresColumn) {
	for n := b.int16(); n > 0 && len(b) > 0; n-- {
		c := postgresColumn{name: string(b.text())}
		b.bytes(6)
		c.oid = b.int32()
		b.bytes(6)
		c.binary = b.int16() == 1
		columns = append(columns, c)
	}
	return columns
}

func (d *postgresDecoder) columns(c *postgresCall, step postgresStep, columns []postgresColumn) {
	switch {
	case step.kind == 'Q':
		c.columns = columns
	case step.portal != nil:
		step.portal.columns = columns
		d.size(&step.portal.held, columnsSize(columns))
	case step.statement != nil:
		step.statement.columns = columns
		d.size(&step.statement.held, len(step.statement.text)+columnsSize(columns))
	}
}

func columnsSize(columns []postgresColumn) int {
	n := 0
	for _, c := range columns {
		n += 48 + len(c.name)
	}
	return n
}

func (d *postgresDecoder) row(c *postgresCall, step postgresStep, b postgresBody, at time.Time) {
	c.Response.Size += d.down.size
	if !d.roomForMessage(&c.call) || len(b) < 2 {
		c.Left++
		return
	}
	columns, formats := c.columns, []bool(nil)
	if p := step.portal; p != nil {
		columns, formats = p.columns, p.formats
		if columns == nil && p.statement != nil {
			columns = p.statement.columns
		}
	}
	d.work = appendRow(d.work[:0], b, columns, formats, d.limits.Body)
	d.add(c, Message{At: at, Dir: Down, Kind: "row", Size: d.down.size}, d.work)
}

func (d *postgresDecoder) add(c *postgresCall, m Message, data []byte) {
	d.message(&c.call, m, data)
	if d.dirty == nil || d.dirty == c {
		d.dirty = c
	}
}
