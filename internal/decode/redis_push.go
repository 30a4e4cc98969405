package decode

import (
	"strings"
	"time"
)

// mostChannels bounds for how many channels the subscription is remembered.
const mostChannels = 10000

// isPush reports whether a reply of RESP2 is one that subscriptions get.
func (d *redisDecoder) isPush() bool {
	if d.down.top != '*' || d.down.nwords == 0 {
		return false
	}
	if d.head < len(d.queue) && (d.queue[d.head].kind == redisSubscribe || d.queue[d.head].kind == redisUnsubscribe) {
		_, verb := d.family()
		return verb != ""
	}
	_, verb := d.family()
	return len(d.subs) > 0 && verb != ""
}

// family is "", "p" or "s", and the verb of a push without it.
func (d *redisDecoder) family() (family, verb string) {
	word := d.name(d.down.words[0])
	switch word {
	case "subscribe", "unsubscribe", "message":
		return "", word
	case "psubscribe", "punsubscribe", "pmessage", "ssubscribe", "sunsubscribe", "smessage":
		return word[:1], word[1:]
	}
	return "", ""
}

func (d *redisDecoder) push(at time.Time) {
	family, verb := d.family()
	channel := ""
	if d.down.nwords > 1 {
		channel = family + ":" + string(d.down.words[1])
	}
	switch {
	case verb == "subscribe" && d.awaits(redisSubscribe, family):
		d.subscribed(channel, at)
	case verb == "unsubscribe":
		d.unsubscribed(family, channel, at)
	case verb == "message" && d.subs[channel] != nil:
		d.tell(d.subs[channel], at)
	default:
		d.tell(d.pushed(at), at)
	}
}

// awaits reports whether the next command in turn is of a kind and family.
func (d *redisDecoder) awaits(kind redisKind, family string) bool {
	if d.head == len(d.queue) || d.queue[d.head].kind != kind {
		return false
	}
	method := d.queue[d.head].Method
	switch method[0] {
	case 'P':
		return family == "p"
	case 'S':
		return (family == "s") == (strings.HasPrefix(method, "SSUB") || strings.HasPrefix(method, "SUNS"))
	}
	return family == ""
}

// pushed is the exchange of pushes that nobody subscribed to, such as invalidations.
func (d *redisDecoder) pushed(at time.Time) *redisCall {
	if d.pushes == nil {
		d.pushes = new(redisCall)
		d.open(&d.pushes.call, d.down.began)
		d.pushes.Method, d.pushes.Path = "PUSH", string(d.down.words[0])
		d.pushes.lasting = true
		d.pushes.Answered = d.down.began
		d.pushes.Status = "OK"
	}
	return d.pushes
}

// tell adds a push to a call.
func (d *redisDecoder) tell(c *redisCall, at time.Time) {
	c.Response.Wire += d.down.wire
	d.message(&c.call, Message{At: at, Dir: Down, Kind: "push", Size: d.down.size}, d.down.out)
	if n := len(d.dirty); n == 0 || d.dirty[n-1] != c {
		d.dirty = append(d.dirty, c)
	}
}

func (d *redisDecoder) subscribed(channel string, at time.Time) {
	c := d.queue[d.head]
	first := c.Answered.IsZero()
	d.confirm(c)
	c.lasting = true
	old := d.subs[channel]
	if old == nil && len(d.subs) < mostChannels || old != nil {
		d.subs[channel] = c
		c.channels++
	}
	if old != nil {
		d.left(old, at)
	}
	if c.want <= 0 {
		d.pop()
	}
	if c.want <= 0 && c.channels == 0 {
		d.end(&c.call, "too many channels", at)
	} else if first || c.want <= 0 {
		d.show(&c.call, at)
	}
}

// confirm adds a confirmation to a call's answer.
func (d *redisDecoder) confirm(c *redisCall) {
	if c.Answered.IsZero() {
		d.answer(c)
		c.Status = "OK"
	} else {
		c.Response.Wire += d.down.wire
		c.Response.Size += d.down.size + 1
		if room := d.limits.Body - len(c.Response.Body); room > 1 {
			// What has been emitted is not changed: append moves or adds behind.
			before := len(c.Response.Body)
			c.Response.Body = append(c.Response.Body, '\n')
			c.Response.Body = keep(c.Response.Body, d.down.out, d.limits.Body)
			d.hold(&c.call, len(c.Response.Body)-before)
		}
	}
	c.want--
}

func (d *redisDecoder) unsubscribed(family, channel string, at time.Time) {
	owner := d.subs[channel]
	if !d.awaits(redisUnsubscribe, family) {
		if owner == nil {
			owner = d.pushed(at)
		}
		d.tell(owner, at)
	} else {
		c := d.queue[d.head]
		if c.Answered.IsZero() && c.want == 0 {
			c.want = max(1, d.channelsOf(family))
		}
		d.confirm(c)
		if c.want <= 0 {
			d.pop()
			d.end(&c.call, "", at)
		}
	}
	if d.subs[channel] != nil {
		delete(d.subs, channel)
		d.left(owner, at)
	}
}

// channelsOf is how many channels of a family are subscribed to.
func (d *redisDecoder) channelsOf(family string) (n int) {
	for channel := range d.subs {
		if strings.HasPrefix(channel, family+":") {
			n++
		}
	}
	return n
}

// left ends a subscription that has lost its last channel.
func (d *redisDecoder) left(c *redisCall, at time.Time) {
	if c.channels--; c.channels <= 0 && c.want <= 0 {
		d.end(&c.call, "", at)
	}
}

// forget ends all subscriptions, as RESET does.
func (d *redisDecoder) forget(at time.Time) {
	for channel, c := range d.subs {
		delete(d.subs, channel)
		d.end(&c.call, "", at)
	}
	if d.monitor != nil {
		d.end(&d.monitor.call, "", at)
		d.monitor = nil
	}
	d.silent, d.skip = false, false
}
