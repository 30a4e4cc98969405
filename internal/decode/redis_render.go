package decode

import "strconv"

func (r *redisReply) string(p []byte) {
	r.word(p)
	if r.hide && r.mask(p) || r.silent() {
		return
	}
	room := r.limits.Body - len(r.out)
	r.size += int64(len(p))
	if room <= 0 {
		return
	}
	kept := p[:min(len(p), room)]
	before := len(r.out)
	if r.kind == '$' {
		r.out = appendEscaped(r.out, kept)
	} else {
		r.out = append(r.out, kept...)
	}
	r.size += int64(len(r.out) - before - len(kept))
	r.out = r.out[:min(len(r.out), r.limits.Body)]
}

func (r *redisReply) put(s string) {
	if r.silent() {
		return
	}
	r.size += int64(len(s))
	if room := r.limits.Body - len(r.out); room > 0 {
		r.out = append(r.out, s[:min(room, len(s))]...)
	}
}

func (r *redisReply) silent() bool {
	return len(r.stack) > 0 && r.stack[len(r.stack)-1].silent
}

// mask keeps a string of settings, and reports whether it is a password.
func (r *redisReply) mask(p []byte) bool {
	if !r.masked {
		r.setting = keep(r.setting, p, 64)
		return false
	}
	f := &r.secrets[len(r.secrets)-1]
	f.Value += string(p[:max(0, min(len(p), 256-len(f.Value)))])
	return true
}

// beginMask says whether the string that begins is a password.
func (r *redisReply) beginMask() {
	r.masked = !r.masked && isPasswordSetting(r.setting) && len(r.secrets) < 16
	if r.masked {
		r.secrets = append(r.secrets, Field{Name: string(r.setting), Secret: true})
		r.put(hidden)
	}
	r.setting = r.setting[:0]
}

// word keeps the beginning of one of the first strings.
func (r *redisReply) word(p []byte) {
	if r.nwords < len(r.words) && len(r.stack) <= 1 && !r.silent() {
		r.words[r.nwords] = keep(r.words[r.nwords], p, 256)
	}
}

// begin renders what comes before an element: its index, and the name of its type.
func (r *redisReply) begin(kind byte) {
	r.index()
	r.kind, r.prefix = kind, 0
	if r.nwords < len(r.words) && len(r.stack) <= 1 {
		r.words[r.nwords] = r.words[r.nwords][:0]
	}
	switch kind {
	case '$':
		r.put(`"`)
		if r.hide {
			r.beginMask()
		}
	case ':':
		r.put("(integer) ")
	case ',':
		r.put("(double) ")
	case '(':
		r.put("(big number) ")
	case '=':
		r.prefix = len("txt:")
	case '-', '!':
		if len(r.stack) > 0 {
			r.put("(error) ")
		}
	}
}

func (r *redisReply) index() {
	if len(r.stack) == 0 || r.silent() {
		return
	}
	f := &r.stack[len(r.stack)-1]
	i := f.i
	f.i++
	if f.kind == '%' {
		if i&1 == 1 {
			r.put(" => ")
			return
		}
		i /= 2
	}
	if len(r.out) >= r.limits.Body {
		r.size += int64(f.indent + f.width + 3)
		return
	}
	if i > 0 {
		r.put("\n")
		r.spaces(f.indent)
	}
	var number [20]byte
	digits := strconv.AppendInt(number[:0], i+1, 10)
	r.spaces(f.width - len(digits))
	r.put(string(digits))
	switch f.kind {
	case '%':
		r.put("# ")
	case '~':
		r.put("~ ")
	default:
		r.put(") ")
	}
}

func (r *redisReply) spaces(n int) {
	for ; n > 0; n-- {
		r.put(" ")
	}
}

func emptyName(kind byte) string {
	switch kind {
	case '%':
		return "(empty hash)"
	case '~':
		return "(empty set)"
	case '>':
		return "(empty push)"
	}
	return "(empty array)"
}
