package decode

import "time"

// failed takes an error. In an extended query the server skips to the next Sync.
func (d *postgresDecoder) failed(c *postgresCall, b postgresBody, at time.Time) {
	if c == nil {
		c = new(postgresCall)
		d.open(&c.call, d.down.began)
		c.Answered, c.Method, c.Response.Wire = d.down.began, "ERROR", d.down.wire()
		d.notices(c, b)
		d.end(&c.call, "", at)
		return
	}
	d.notices(c, b)
	c.copying = false
	switch d.steps[d.head].kind {
	case 'P', 'B', 'D', 'E', 'C':
		if d.last != nil && d.last != c {
			d.end(&d.last.call, "", at)
		}
		d.skipping, d.last = true, c
	}
}

// notices puts an error into a call.
func (d *postgresDecoder) notices(c *postgresCall, b postgresBody) {
	c.Failed = true
	for len(b) > 1 {
		kind := b.bytes(1)[0]
		value := string(b.text())
		switch {
		case kind == 'C':
			c.Status = value
		case kind == 'V' && (value == "FATAL" || value == "PANIC"):
			c.lasting = true // the server closes the connection now
		}
		if name := noticeField(kind); name != "" {
			d.field(&c.call, &c.Response, name, value, false)
		}
	}
}

func noticeField(kind byte) string {
	switch kind {
	case 'V':
		return "severity"
	case 'C':
		return "code"
	case 'M':
		return "message"
	case 'D':
		return "detail"
	case 'H':
		return "hint"
	case 'P':
		return "position"
	case 'W':
		return "where"
	case 's':
		return "schema"
	case 't':
		return "table"
	case 'c':
		return "column"
	case 'n':
		return "constraint"
	}
	return ""
}

// notice takes what the server tells besides.
func (d *postgresDecoder) notice(c *postgresCall, kind byte, b postgresBody, at time.Time) {
	text, method := []byte(nil), "NOTICE"
	if kind == 'A' {
		method = "NOTIFICATION"
		b.int32()
		text = append(append(text, b.text()...), ' ')
		text = append(text, b.text()...)
	} else {
		for len(b) > 1 {
			switch k, value := b.bytes(1)[0], b.text(); k {
			case 'V':
				text = append(append(text, value...), ": "...)
			case 'M':
				text = append(text, value...)
			}
		}
	}
	if c != nil {
		d.add(c, Message{At: at, Dir: Down, Kind: "notice", Size: d.down.size}, text)
		return
	}
	c = new(postgresCall)
	d.open(&c.call, d.down.began)
	c.Answered, c.Method, c.Path, c.Status = d.down.began, method, string(text), "OK"
	c.Response.Wire = d.down.wire()
	d.end(&c.call, "", at)
}
