package ports

import (
	"path/filepath"
	"slices"
	"unicode/utf8"
)

// readBook reads what encode and continued write, letter by letter, and takes down the numbers; of
// anything else it says false, and package json has to read it. The ports stay sealed
// in data until somebody looks at them: everybody who starts reads the whole file, and
// hardly anybody wants more of it than the numbers.
func readBook(data []byte, taken *numbers) (*book, bool) {
	if !utf8.Valid(data) {
		return nil, false
	}
	r := &bookReader{rest: data}
	r.want(`{"version":`)
	b := &book{Version: r.number(), Checkouts: []*shelf{}, taken: taken}
	r.want(`,"checkouts":`)
	for r.begin(); r.next(len(b.Checkouts)); {
		b.Checkouts = append(b.Checkouts, r.shelf(b, false))
	}
	r.want(`}`)
	more := len(r.rest)
	for r.accept("\n") {
		if s := r.shelf(b, true); !r.lost {
			b.put(s)
		}
	}
	b.rewrite = more > (len(data)-more)/4+mostMore
	return b, !r.lost && len(r.rest) == 0
}

// mostMore is how many bytes a file may go on with, beside a quarter of what it began
// with: what was replaced is read for nothing each time.
const mostMore = 16 << 10

// bookReader gives up at the first thing that it does not expect.
type bookReader struct {
	rest []byte
	lost bool
}

// shelf reads one that may replace another of b.
func (r *bookReader) shelf(b *book, may bool) *shelf {
	s := &shelf{}
	r.want(`{"project":`)
	s.Project = string(r.text())
	r.want(`,"instance":`)
	s.Instance = string(r.text())
	r.want(`,"dir":`)
	s.Dir = string(r.text())
	r.want(`,"ports":`)
	if s.Project == "" || s.Instance == "" || !filepath.IsAbs(s.Dir) {
		r.giveUp()
	}
	if old := b.find(s.Project, s.Dir); may && old != nil {
		b.forget(old)
	}
	from := r.rest
	var p sealedSlot
	r.slots(&p, func() {
		for _, port := range p.ports {
			if port < lowest || port > highest || b.taken.has(port) {
				r.giveUp()
				return
			}
			b.taken.add(port)
		}
	})
	s.sealed = from[:len(from)-len(r.rest)]
	r.want(`}`)
	return s
}

// slots reads all of a list into p, one after the other, and calls each.
func (r *bookReader) slots(p *sealedSlot, each func()) {
	n := 0
	for r.begin(); r.next(n); n++ {
		if r.slot(p); !r.lost {
			each()
		}
	}
}

// sealedSlot is a slot whose words are still in the file; ports begins with its home.
type sealedSlot struct {
	service, name []byte
	ports         []int
}

func (p *sealedSlot) open() *slot {
	out := &slot{Service: string(p.service), Name: string(p.name), Port: p.ports[0]}
	if len(p.ports) > 1 {
		out.Alternates = slices.Clone(p.ports[1:])
	}
	return out
}

func (r *bookReader) slot(p *sealedSlot) {
	r.want(`{"service":`)
	p.service, p.name = r.text(), nil
	if len(p.service) == 0 {
		r.giveUp()
	}
	if r.accept(`,"name":`) {
		p.name = r.text()
	}
	r.want(`,"port":`)
	p.ports = append(p.ports[:0], r.number())
	if r.accept(`,"alternates":`) {
		for r.begin(); r.next(len(p.ports) - 1); {
			p.ports = append(p.ports, r.number())
		}
	}
	r.want(`}`)
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
func (r *bookReader) text() []byte {
	r.want(`"`)
	for i, c := range r.rest {
		switch {
		case c == '"':
			s := r.rest[:i]
			r.rest = r.rest[i+1:]
			return s
		case c == '\\' || c < ' ':
			r.giveUp()
			return nil
		}
	}
	r.giveUp()
	return nil
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
