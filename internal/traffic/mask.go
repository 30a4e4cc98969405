package traffic

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/decode"
	"github.com/lhrun/lhrun/internal/mask"
)

// DefaultHide are the names whose values are masked where a project names no others.
var DefaultHide = []string{"authorization", "cookie", "set-cookie", "x-api-key"}

// shortestSecret is in bytes: a shorter password is masked where it is one, not wherever
// its letters are.
const shortestSecret = 4

// Mask takes secrets out of entries: the values of headers, parameters of a query, fields
// of a form and members of JSON that have one of some names, passwords of protocols, and
// what text finds. To mask again what was masked changes nothing.
type Mask struct {
	hide []string
	text func(string) string
}

// NewMask returns a Mask for names in any case. text, unless nil, takes lhrun's own
// secrets out of a text.
func NewMask(hide []string, text func(string) string) Mask {
	m := Mask{text: text}
	for _, name := range hide {
		m.hide = append(m.hide, strings.ToLower(name))
	}
	return m
}

// Names are the names that m hides, in lower case.
func (m Mask) Names() []string { return slices.Clone(m.hide) }

func (m Mask) hides(name string) bool { return slices.Contains(m.hide, strings.ToLower(name)) }

func (m Mask) plain(text string) string {
	if m.text == nil || text == "" {
		return text
	}
	return m.text(text)
}

// Entry returns e without its secrets; nothing of e changes. A compressed body is
// decompressed for that, or withheld where that is impossible.
func (m Mask) Entry(e Entry) Entry {
	own := m.with(&e.Exchange)
	e.Path, e.Trouble, e.Status = own.path(e.Protocol, e.Path), own.plain(e.Trouble), own.plain(e.Status)
	e.Up = own.part(e.Protocol, &e.Request, e.Up)
	e.Down = own.part(e.Protocol, &e.Response, e.Down)
	e.Messages = slices.Clone(e.Messages)
	for i := range e.Messages {
		msg := &e.Messages[i]
		whole := int64(len(msg.Data)) == msg.Size
		if msg.Secret {
			msg.Data = []byte(mask.Hidden)
		} else {
			msg.Data = own.body(msg.Data, "")
		}
		if whole {
			msg.Size = int64(len(msg.Data))
		}
	}
	return e
}

// with returns m that also knows the passwords that x has in its fields, which may stand
// in its other texts too.
func (m Mask) with(x *decode.Exchange) Mask {
	var pairs []string
	for _, fields := range [][]decode.Field{x.Request.Fields, x.Response.Fields} {
		for _, f := range fields {
			if f.Secret && len(f.Value) >= shortestSecret && f.Value != mask.Hidden {
				pairs = append(pairs, f.Value, mask.Hidden)
			}
		}
	}
	if len(pairs) > 0 {
		replace, before := strings.NewReplacer(pairs...).Replace, m.text
		m.text = func(text string) string {
			if before != nil {
				text = before(text)
			}
			return replace(text)
		}
	}
	return m
}

func (m Mask) path(p decode.Protocol, path string) string {
	if p == decode.Redis {
		return m.plain(hideAuth(path))
	}
	return m.target(path)
}

// target masks the parameters of a URL, and what else is secret in it.
func (m Mask) target(target string) string {
	before, query, has := strings.Cut(target, "?")
	if !has {
		return m.plain(target)
	}
	return m.plain(before + "?" + m.form(query, "&"))
}

// form masks pairs NAME=VALUE.
func (m Mask) form(pairs, separator string) string {
	parts := strings.Split(pairs, separator)
	for i, pair := range parts {
		name, value, has := strings.Cut(pair, "=")
		if !has {
			continue
		}
		plainName, errName := url.QueryUnescape(name)
		plainValue, errValue := url.QueryUnescape(value)
		if errName != nil {
			plainName = name
		}
		if m.hides(plainName) || errValue == nil && plainValue != value && m.plain(plainValue) != plainValue {
			parts[i] = name + "=" + mask.Hidden
		}
	}
	return strings.Join(parts, separator)
}

func (m Mask) part(protocol decode.Protocol, p *decode.Part, form Form) Form {
	if p.Line != "" {
		words := strings.Split(p.Line, " ")
		for i, word := range words {
			words[i] = m.target(word)
		}
		p.Line = m.plain(strings.Join(words, " "))
	}
	p.Fields, p.Trailers = m.fields(p.Fields), m.fields(p.Trailers)
	if encoding := Encoding(p); encoding != "" && form == AsCame && len(p.Body) > 0 {
		text, _, err := Decompress(encoding, p.Body)
		if err != nil {
			p.Body = nil
			return Withheld
		}
		p.Body, form = text, Decompressed
	}
	whole := int64(len(p.Body)) == p.Size
	if protocol == decode.Redis {
		p.Body = []byte(hideAuth(string(p.Body)))
	}
	p.Body = m.body(p.Body, Header(p.Fields, "Content-Type"))
	if whole && form == AsCame { // It is no less whole for what is masked.
		p.Size = int64(len(p.Body))
	}
	return form
}

func (m Mask) fields(fields []decode.Field) []decode.Field {
	out := slices.Clone(fields)
	for i, f := range out {
		switch {
		case f.Secret || m.hides(f.Name):
			out[i].Value = mask.Hidden
		default:
			out[i].Value = m.target(f.Value)
		}
	}
	return out
}

// body masks content, whatever it is said to be: JSON is in events and messages as well.
func (m Mask) body(content []byte, kind string) []byte {
	if len(content) == 0 {
		return content
	}
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch {
	case strings.TrimSpace(kind) == "application/x-www-form-urlencoded":
		content = []byte(m.form(string(content), "&"))
	case strings.HasPrefix(kind, "multipart/"):
		content = m.multipart(content)
	}
	content = m.json(content, 0)
	if text := m.plain(string(content)); text != string(content) {
		return []byte(text)
	}
	return content
}

// multipart masks the parts of a form that have one of the names. A part begins with its
// head, and what follows an empty line goes on to the next boundary.
func (m Mask) multipart(content []byte) []byte {
	boundary, _, ok := bytes.Cut(content, []byte("\r\n"))
	if !ok || !bytes.HasPrefix(boundary, []byte("--")) {
		return content
	}
	parts := bytes.Split(content, boundary)
	for i, part := range parts {
		head, _, ok := bytes.Cut(part, []byte("\r\n\r\n"))
		if ok && m.hides(partName(string(head))) {
			parts[i] = slices.Concat(head, []byte("\r\n\r\n"+mask.Hidden+"\r\n"))
		}
	}
	return bytes.Join(parts, boundary)
}

func partName(head string) string {
	_, after, _ := strings.Cut(head, ` name="`)
	name, _, _ := strings.Cut(after, `"`)
	return name
}

// hideAuth takes the passwords out of Redis' AUTH and HELLO … AUTH, also in a command
// whose decoder has not told them.
func hideAuth(command string) string {
	words := strings.Fields(command)
	for i, word := range words {
		if strings.EqualFold(strings.Trim(word, `"'`), "auth") && (i == 0 || strings.EqualFold(words[0], "hello")) && i+1 < len(words) {
			keep := words[:i+1]
			rest := slices.Repeat([]string{mask.Hidden}, min(2, len(words)-i-1))
			return strings.Join(slices.Concat(keep, rest), " ")
		}
	}
	return command
}
