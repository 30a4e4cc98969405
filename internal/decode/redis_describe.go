package decode

import "bytes"

// shortArgument and shortCommand are how much of an argument, and of a command, stand in
// the path; where that is less than all, the whole stands in the request's body.
const (
	shortArgument = 256
	shortCommand  = 4096
)

// describe says what a command is.
func (d *redisDecoder) describe(c *redisCall) {
	c.Method = d.method()
	d.up.markSecrets(c.Method)
	cut := d.render(shortArgument, min(shortCommand, d.limits.Head))
	c.Path = string(d.work)
	if cut {
		d.render(d.limits.Body, d.limits.Body)
		d.work = d.work[:min(len(d.work), d.limits.Body)]
		c.Request.Body = bytes.Clone(d.work)
		c.Request.Size = d.up.wire
	}
	for i, a := range d.up.args {
		if a.secret != "" {
			c.Request.Fields = append(c.Request.Fields, Field{Name: a.secret, Value: string(d.up.arg(i)), Secret: true})
			d.hold(&c.call, a.end-a.start)
		}
	}
	c.Request.Wire = d.up.wire
	d.hold(&c.call, len(c.Path)+len(c.Request.Body))
}

// render writes the command as one would type it, and reports whether it is cut.
func (d *redisDecoder) render(longest, limit int) (cut bool) {
	d.work = d.work[:0]
	for i, a := range d.up.args {
		if i > 0 {
			d.work = append(d.work, ' ')
		}
		if len(d.work) >= limit {
			d.work = append(d.work, "…"...)
			return true
		}
		if a.secret != "" {
			d.work = append(d.work, hidden...)
			continue
		}
		p := d.up.arg(i)
		p = p[:min(len(p), longest)]
		short := int64(len(p)) < a.size
		d.work = appendArgument(d.work, p, short)
		cut = cut || short
	}
	if d.up.size > len(d.up.args) {
		d.work = append(d.work, " …"...)
		return true
	}
	return cut
}

// method is the verb in capitals, with what it is a verb of.
func (d *redisDecoder) method() string {
	verb := d.up.arg(0)
	if !isVerb(verb) {
		d.work = appendArgument(d.work[:0], verb[:min(len(verb), 32)], len(verb) > 32)
		return string(d.work)
	}
	d.work = appendUpper(d.work[:0], verb)
	if sub := d.up.arg(1); isContainer(d.work) && isVerb(sub) {
		d.work = appendUpper(append(d.work, ' '), sub)
	}
	return d.name(d.work)
}

func appendUpper(to, p []byte) []byte {
	for _, c := range p {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// isContainer reports whether the first argument of a command is a verb too.
func isContainer(verb []byte) bool {
	switch string(verb) {
	case "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY", "MODULE",
		"OBJECT", "PUBSUB", "SCRIPT", "SENTINEL", "SLOWLOG", "XGROUP", "XINFO":
		return true
	}
	return false
}
