package ports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strconv"
)

// encode writes what package json would, in a sixth of the time and without holding
// all of it; what nobody looked at goes back as it was.
func (b *book) encode(to io.Writer) error {
	w := bookWriter{bufio.NewWriter(to)}
	w.WriteString(`{"version":`)
	w.number(bookVersion)
	w.WriteString(`,"checkouts":`)
	list(w, b.Checkouts, bookWriter.shelf)
	w.WriteByte('}')
	return w.Flush()
}

// continued writes what a file that has the rest goes on with: in one piece, as far as
// that can be, because whoever reads it has no lock.
func (b *book) continued(to io.Writer) error {
	var text bytes.Buffer
	w := bookWriter{bufio.NewWriter(&text)}
	for _, s := range b.Checkouts {
		if s.changed {
			w.WriteByte('\n')
			w.shelf(s)
		}
	}
	_ = w.Flush()
	_, err := to.Write(text.Bytes())
	return err
}

// bookWriter tells of an error when it is flushed.
type bookWriter struct{ *bufio.Writer }

func (w bookWriter) shelf(s *shelf) {
	w.WriteString(`{"project":`)
	w.text(s.Project)
	w.WriteString(`,"instance":`)
	w.text(s.Instance)
	w.WriteString(`,"dir":`)
	w.text(s.Dir)
	w.WriteString(`,"ports":`)
	if s.sealed != nil {
		w.Write(s.sealed)
	} else {
		list(w, s.Ports, bookWriter.slot)
	}
	w.WriteByte('}')
}

func (w bookWriter) slot(p *slot) {
	w.WriteString(`{"service":`)
	w.text(p.Service)
	if p.Name != "" {
		w.WriteString(`,"name":`)
		w.text(p.Name)
	}
	w.WriteString(`,"port":`)
	w.number(p.Port)
	if len(p.Alternates) > 0 {
		w.WriteString(`,"alternates":`)
		list(w, p.Alternates, bookWriter.number)
	}
	w.WriteByte('}')
}

func list[T any](w bookWriter, all []T, one func(bookWriter, T)) {
	w.WriteByte('[')
	for i, e := range all {
		if i > 0 {
			w.WriteByte(',')
		}
		one(w, e)
	}
	w.WriteByte(']')
}

func (w bookWriter) number(n int) { w.Write(strconv.AppendInt(w.AvailableBuffer(), int64(n), 10)) }

// text leaves to package json what has to be escaped, or might.
func (w bookWriter) text(s string) {
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '<', '>', '&':
		default:
			if ' ' <= c && c <= '~' {
				continue
			}
		}
		quoted, _ := json.Marshal(s) // A string is always one.
		w.Write(quoted)
		return
	}
	w.WriteByte('"')
	w.WriteString(s)
	w.WriteByte('"')
}
