package ports

import (
	"bytes"
	"unicode/utf8"
)

// readBook reads what encode writes, letter by letter; of anything else it says
// false, and package json has to read it. Everybody who starts reads the whole file:
// with fifty checkouts in it this takes a fifth of the time.
func readBook(data []byte) (*book, bool) {
	if !utf8.Valid(data) {
		return nil, false
	}
	r := &bookReader{rest: data, slots: make([]slot, 0, bytes.Count(data, []byte(`{"service":`)))}
	b := &book{}
	r.want(`{"version":`)
	b.Version = r.number()
	r.want(`,"checkouts":`)
	b.Checkouts = []*shelf{}
	for r.begin(); r.next(len(b.Checkouts)); {
		b.Checkouts = append(b.Checkouts, r.shelf())
	}
	r.want(`}`)
	return b, !r.lost && len(r.rest) == 0
}

// bookReader gives up at the first thing that it does not expect.
type bookReader struct {
	rest  []byte
	lost  bool
	slots []slot // room for all of them
}

func (r *bookReader) shelf() *shelf {
	s := &shelf{Ports: []*slot{}}
	r.want(`{"project":`)
	s.Project = r.text()
	r.want(`,"instance":`)
	s.Instance = r.text()
	r.want(`,"dir":`)
	s.Dir = r.text()
	r.want(`,"ports":`)
	for r.begin(); r.next(len(s.Ports)); {
		s.Ports = append(s.Ports, r.slot())
	}
	r.want(`}`)
	return s
}

func (r *bookReader) slot() *slot {
	r.slots = append(r.slots, slot{})
	p := &r.slots[len(r.slots)-1]
	r.want(`{"service":`)
	p.Service = r.text()
	if r.accept(`,"name":`) {
		p.Name = r.text()
	}
	r.want(`,"port":`)
	p.Port = r.number()
	if r.accept(`,"alternates":`) {
		p.Alternates = []int{}
		for r.begin(); r.next(len(p.Alternates)); {
			p.Alternates = append(p.Alternates, r.number())
		}
	}
	r.want(`}`)
	return p
}

func (r *bookReader) accept(s string) bool {
	if len(r.rest) < len(s) || string(r.rest[:len(s)]) != s {
		return false
	}
	r.rest = r.rest[len(s):]
	return true
}

func (r *bookReader) want(s string) {
	if !r.accept(s) {
		r.giveUp()
	}
}

func (r *bookReader) giveUp() { r.lost, r.rest = true, nil }

func (r *bookReader) begin() { r.want("[") }

// next says whether a list of which n elements are read goes on.
func (r *bookReader) next(n int) bool {
	if r.lost || r.accept("]") {
		return false
	}
	if n > 0 {
		r.want(",")
	}
	return !r.lost
}

// text reads a string in which nothing is escaped.
func (r *bookReader) text() string {
	r.want(`"`)
	for i, c := range r.rest {
		switch {
		case c == '"':
			s := string(r.rest[:i]) // A copy, so that the whole file need not stay.
			r.rest = r.rest[i+1:]
			return s
		case c == '\\' || c < ' ':
			r.giveUp()
			return ""
		}
	}
	r.giveUp()
	return ""
}

// number reads what any int holds.
func (r *bookReader) number() (n int) {
	i := 0
	for ; i < len(r.rest) && i < 9 && '0' <= r.rest[i] && r.rest[i] <= '9'; i++ {
		n = 10*n + int(r.rest[i]-'0')
	}
	if i == 0 || i > 1 && r.rest[0] == '0' {
		r.giveUp()
		return 0
	}
	r.rest = r.rest[i:] // A tenth digit is no comma.
	return n
}
