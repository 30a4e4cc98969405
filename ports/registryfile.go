package ports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// registryFile is the content of ports.json: every checkout that ever asked for a
// port, and its ports. No number is in it twice.
type registryFile struct {
	Checkouts []*checkoutEntry
	// taken holds every number in the file.
	taken portSet
	// lines is how many lines follow the document.
	lines int
	// rewrite means that lines cannot tell what changed.
	rewrite bool
	// source is what a reader parsed.
	source []byte
}

// document is how a registryFile begins.
type document struct {
	Version   int          `json:"version"`
	Checkouts []*entryText `json:"checkouts"`
}

// fileVersion is 2 since a port is a text. Files of version 1 are read.
const fileVersion = 2

// errNewer is no damage: the file must be left as it is.
var errNewer = errors.New("it was written by a newer lhrun")

// parseRegistry reads a registry file. Entries that make no sense, or that claim a
// number a second time, are left out rather than costing everybody their ports.
//
// The file is one JSON document, which lines may follow: entries that changed since, of
// which the last one of a checkout counts. A line cut short does not count.
func parseRegistry(data []byte) (*registryFile, error) {
	var d document
	from := json.NewDecoder(bytes.NewReader(data))
	err := from.Decode(&d)
	switch {
	case err != nil && version(data) > fileVersion, err == nil && d.Version > fileVersion:
		return nil, errNewer
	case err != nil:
		return nil, err
	case d.Version < 1:
		return nil, fmt.Errorf("version %d is unknown", d.Version)
	}
	f := &registryFile{}
	for _, t := range d.Checkouts {
		f.Checkouts = append(f.Checkouts, t.entry())
	}
	for err == nil {
		t := new(entryText)
		if err = from.Decode(t); err == nil {
			f.put(t.entry())
			f.lines++
		}
	}
	f.rewrite = !errors.Is(err, io.EOF) || d.Version != fileVersion // A line behind one cut short would be lost with it.
	f.clean()
	return f, nil
}

// version reads the version of a file whose shape may be another one.
func version(data []byte) int {
	var v struct {
		Version int `json:"version"`
	}
	if json.NewDecoder(bytes.NewReader(data)).Decode(&v) != nil {
		return 0
	}
	return v.Version
}

// encode returns the whole file, one document with a line for each checkout. It is not
// indented: every verb reads it, and blanks would be most of what it reads.
func (f *registryFile) encode() ([]byte, error) {
	d := document{Version: fileVersion, Checkouts: make([]*entryText, len(f.Checkouts))}
	for i, e := range f.Checkouts {
		d.Checkouts[i] = e.text()
	}
	data, err := json.Marshal(d)
	return append(bytes.ReplaceAll(data, []byte(`{"project":`), []byte("\n{\"project\":")), '\n'), err
}

// changes returns the entries that changed, one a line.
func (f *registryFile) changes() ([]byte, error) {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	for _, e := range f.Checkouts {
		if e.changed {
			if err := to.Encode(e.text()); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), nil
}

// put adds e, in the place of an entry of the same checkout.
func (f *registryFile) put(e *checkoutEntry) {
	for i, old := range f.Checkouts {
		if old != nil && old.Dir == e.Dir && old.Project == e.Project {
			f.Checkouts[i] = e
			return
		}
	}
	f.Checkouts = append(f.Checkouts, e)
}

// clean drops the entries that make no sense and collects the numbers of the others.
func (f *registryFile) clean() {
	f.taken = portSet{}
	type place struct{ project, dir string }
	seen := map[place]bool{}
	f.Checkouts = slices.DeleteFunc(f.Checkouts, func(e *checkoutEntry) bool {
		if e == nil || e.Project == "" || e.Instance == "" || !filepath.IsAbs(e.Dir) || seen[place{e.Project, e.Dir}] {
			return true
		}
		seen[place{e.Project, e.Dir}] = true
		e.clean(&f.taken)
		return false
	})
}

// key names a port within its checkout.
type key struct{ service, name string }

// find returns the entry of a checkout, or nil.
func (f *registryFile) find(project, dir string) *checkoutEntry {
	for _, e := range f.Checkouts {
		if e.Dir == dir && e.Project == project {
			return e
		}
	}
	return nil
}

// entry returns the entry of c, adding one when there is none.
func (f *registryFile) entry(c Checkout) *checkoutEntry {
	e := f.find(c.Project, c.Dir)
	if e == nil {
		e = &checkoutEntry{Project: c.Project, Instance: c.Instance, Dir: c.Dir, Ports: []*portEntry{}, changed: true}
		f.Checkouts = append(f.Checkouts, e)
	}
	return e
}

// collect drops those checkouts whose directories are still gone. Their numbers are free
// again.
func (f *registryFile) collect(vanished []Checkout) {
	f.remove(func(e *checkoutEntry) bool { return slices.Contains(vanished, e.checkout()) && gone(e.Dir) })
}

func (e *checkoutEntry) checkout() Checkout { return Checkout{e.Project, e.Instance, e.Dir} }

func (f *registryFile) drop(project, dir string) {
	f.remove(func(e *checkoutEntry) bool { return e.Project == project && e.Dir == dir })
}

func (f *registryFile) remove(which func(*checkoutEntry) bool) {
	f.Checkouts = slices.DeleteFunc(f.Checkouts, func(e *checkoutEntry) bool {
		if !which(e) {
			return false
		}
		f.rewrite = true
		for _, p := range e.Ports {
			f.taken.remove(p.all()...)
		}
		return true
	})
}

// setHome gives a request its home: a number for a key that has none, or that replaces
// one outside of the range in use now.
func (f *registryFile) setHome(e *checkoutEntry, q Request, port int) {
	p := e.find(q)
	if p == nil {
		p = &portEntry{Service: q.Service, Name: q.Name}
		e.Ports = append(e.Ports, p)
	} else {
		f.taken.remove(p.all()...)
		p.Alternates = nil
	}
	f.taken.add(port)
	e.changed = true
	p.Port = port
}

// addAlternate records one more number for the runs that find p's home busy.
func (f *registryFile) addAlternate(e *checkoutEntry, p *portEntry, port int) {
	e.changed = true
	f.taken.add(port)
	p.Alternates = append(p.Alternates, port)
}

// portSet is a set of port numbers.
type portSet [(highest + 64) / 64]uint64

func (s *portSet) has(port int) bool { return s[port/64]>>(port%64)&1 != 0 }

func (s *portSet) add(port int) { s[port/64] |= 1 << (port % 64) }

func (s *portSet) remove(ports ...int) {
	for _, port := range ports {
		s[port/64] &^= 1 << (port % 64)
	}
}

// count returns how many numbers of r are in s.
func (s *portSet) count(r Range) (n int) {
	for port := r.First; port <= r.Last; port++ {
		if s.has(port) {
			n++
		}
	}
	return n
}
