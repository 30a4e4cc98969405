package ports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// book is the content of the registry file: every checkout that ever asked, and
// the ports of its keys. A number stands in it once.
type book struct {
	Version   int      `json:"version"`
	Checkouts []*shelf `json:"checkouts"`
	taken     *numbers // every number in it; built on first use
	// rewrite says that a line more does not do: the file is to be written anew.
	rewrite bool
}

type shelf struct {
	Project  string  `json:"project"`
	Instance string  `json:"instance"`
	Dir      string  `json:"dir"`
	Ports    []*slot `json:"ports"`
	// sealed is the list of ports as it stands in the file; nil when they are in Ports.
	sealed []byte
	// changed says that the file does not have it like this.
	changed bool
}

type slot struct {
	Service string `json:"service"`
	Name    string `json:"name,omitempty"`
	Port    int    `json:"port"`
	// Alternates were used while Port was busy, the first one first.
	Alternates []int `json:"alternates,omitempty"`
}

const bookVersion = 1

// errNewer is no damage: the file must be left as it is.
var errNewer = errors.New("it was written by a newer lhrun")

// parseBook reads a registry file: a book, and a line for every shelf that changed
// since, of which the last one counts; taken gets its numbers, and is the book's.
// Entries that make no sense, or that claim a number a second time, are left out
// rather than costing everybody their ports; so is a line that was not written whole.
//
// The book is good for as long as data and taken are left alone.
func parseBook(data []byte, taken *numbers) (*book, error) {
	*taken = numbers{}
	b, ok := readBook(data, taken)
	if ok && b.Version == bookVersion {
		return b, nil
	}
	b = &book{rewrite: true}
	from := json.NewDecoder(bytes.NewReader(data))
	err := from.Decode(b)
	switch {
	case err != nil && version(data) > bookVersion, err == nil && b.Version > bookVersion:
		return nil, errNewer
	case err != nil:
		return nil, err
	case b.Version != bookVersion:
		return nil, fmt.Errorf("version %d is unknown", b.Version)
	}
	for s := new(shelf); from.Decode(s) == nil; s = new(shelf) {
		b.put(s)
	}
	*taken = numbers{}
	b.clean(taken)
	return b, nil
}

// put adds s, or has it take the place of what there is of its checkout.
func (b *book) put(s *shelf) {
	for i, old := range b.Checkouts {
		if old != nil && old.Dir == s.Dir && old.Project == s.Project {
			b.Checkouts[i] = s
			return
		}
	}
	b.Checkouts = append(b.Checkouts, s)
}

// version reads what even a book of another shape begins with.
func version(data []byte) int {
	var v struct {
		Version int `json:"version"`
	}
	if json.NewDecoder(bytes.NewReader(data)).Decode(&v) != nil {
		return 0
	}
	return v.Version
}

func (b *book) clean(taken *numbers) {
	b.taken = taken
	type place struct{ project, dir string }
	seen, keys := map[place]bool{}, map[key]bool{}
	b.Checkouts = slices.DeleteFunc(b.Checkouts, func(s *shelf) bool {
		if s == nil || s.Project == "" || s.Instance == "" || !filepath.IsAbs(s.Dir) || seen[place{s.Project, s.Dir}] {
			return true
		}
		seen[place{s.Project, s.Dir}] = true
		clear(keys)
		s.clean(taken, keys)
		return false
	})
}

// key is what a port of a shelf goes by.
type key struct{ service, name string }

func (s *shelf) clean(taken *numbers, seen map[key]bool) {
	again := func(port int) bool {
		if port < lowest || port > highest || taken.has(port) {
			return true
		}
		taken.add(port)
		return false
	}
	s.Ports = slices.DeleteFunc(s.Ports, func(p *slot) bool {
		if p == nil || p.Service == "" || seen[key{p.Service, p.Name}] || again(p.Port) {
			return true
		}
		seen[key{p.Service, p.Name}] = true
		p.Alternates = slices.DeleteFunc(p.Alternates, again)
		return false
	})
}

// find returns the shelf of a checkout, or nil.
func (b *book) find(project, dir string) *shelf {
	for _, s := range b.Checkouts {
		if s.Dir == dir && s.Project == project {
			return s
		}
	}
	return nil
}

// shelf returns the shelf of c, adding one when there is none.
func (b *book) shelf(c Checkout) *shelf {
	s := b.find(c.Project, c.Dir)
	if s == nil {
		s = &shelf{Project: c.Project, Instance: c.Instance, Dir: c.Dir, changed: true}
		b.Checkouts = append(b.Checkouts, s)
	}
	return s
}

// vanished are the checkouts whose directory is gone, keep excepted. Looking takes its
// time, so it is done before the lock is taken.
func (b *book) vanished(keep string) (dirs []string) {
	for _, s := range b.Checkouts {
		if s.Dir != keep && gone(s.Dir) {
			dirs = append(dirs, s.Dir)
		}
	}
	return dirs
}

// collect drops the checkouts in dirs that are gone still. Their numbers are free again.
func (b *book) collect(dirs []string) {
	b.remove(func(s *shelf) bool { return slices.Contains(dirs, s.Dir) && gone(s.Dir) })
}

func (b *book) drop(project, dir string) {
	b.remove(func(s *shelf) bool { return s.Project == project && s.Dir == dir })
}

func (b *book) remove(which func(*shelf) bool) {
	b.Checkouts = slices.DeleteFunc(b.Checkouts, func(s *shelf) bool {
		if !which(s) {
			return false
		}
		b.forget(s)
		b.rewrite = true
		return true
	})
}

// forget makes the numbers of s free.
func (b *book) forget(s *shelf) {
	for _, p := range s.slots() {
		for _, port := range p.all() {
			b.numbers().remove(port)
		}
	}
}

func (b *book) registered(port int) bool { return b.numbers().has(port) }

func (b *book) numbers() *numbers {
	if b.taken == nil {
		b.taken = &numbers{}
		for _, s := range b.Checkouts {
			for _, p := range s.slots() {
				for _, port := range p.all() {
					b.taken.add(port)
				}
			}
		}
	}
	return b.taken
}

// count returns how many numbers of r are registered.
func (b *book) count(r Range) (n int) {
	for port := r.First; port <= r.Last; port++ {
		if b.registered(port) {
			n++
		}
	}
	return n
}

// settle gives a key its home: a number that it did not have before, or that
// replaces one outside of the range in use now.
func (b *book) settle(s *shelf, q Request, port int) *slot {
	taken := b.numbers()
	taken.add(port)
	s.changed = true
	p := s.find(q)
	if p == nil {
		p = &slot{Service: q.Service, Name: q.Name}
		s.Ports = append(s.slots(), p)
	} else {
		for _, old := range p.all() {
			taken.remove(old)
		}
		p.Alternates = nil
	}
	p.Port = port
	return p
}

// setAside records one more number for the runs that find p's home busy.
func (b *book) setAside(s *shelf, p *slot, port int) {
	b.numbers().add(port)
	s.changed = true
	p.Alternates = append(p.Alternates, port)
}

// slots are the ports of the shelf.
func (s *shelf) slots() []*slot {
	if s.sealed != nil {
		var p sealedSlot
		r := &bookReader{rest: s.sealed}
		s.Ports, s.sealed = []*slot{}, nil
		r.slots(&p, func() { s.Ports = append(s.Ports, p.open()) })
	}
	return s.Ports
}

// all are the numbers of a key, its home first.
func (p *slot) all() []int { return append([]int{p.Port}, p.Alternates...) }

// find works on a nil shelf too, which has nothing.
func (s *shelf) find(q Request) *slot {
	if s == nil {
		return nil
	}
	for _, p := range s.slots() {
		if p.Service == q.Service && p.Name == q.Name {
			return p
		}
	}
	return nil
}

// numbers is a set of ports, in the memory of two pages.
type numbers [(highest + 64) / 64]uint64

func (n *numbers) has(port int) bool { return n[port/64]>>(port%64)&1 != 0 }
func (n *numbers) add(port int)      { n[port/64] |= 1 << (port % 64) }
func (n *numbers) remove(port int)   { n[port/64] &^= 1 << (port % 64) }
