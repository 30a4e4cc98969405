package ports

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type checkoutEntry struct {
	Project  string
	Instance string
	Dir      string
	Ports    []*portEntry
	// changed means that the file does not have the entry like this.
	changed bool
}

type portEntry struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	Port    int    `json:"port"`
	// Alternates were used while Port was busy, the first one first.
	Alternates []int `json:"alternates"`
}

// entryText is a checkoutEntry in the file. Every verb reads all of them, and a port that
// is a text takes a quarter of the time that an object takes.
type entryText struct {
	Project  string   `json:"project"`
	Instance string   `json:"instance"`
	Dir      string   `json:"dir"`
	Homes    []string `json:"homes"`
	// Ports is what version 1 had in the place of Homes.
	Ports []*portEntry `json:"ports,omitempty"`
}

func (e *checkoutEntry) text() *entryText {
	t := &entryText{Project: e.Project, Instance: e.Instance, Dir: e.Dir, Homes: make([]string, len(e.Ports))}
	for i, p := range e.Ports {
		t.Homes[i] = p.text()
	}
	return t
}

// entry works on a nil text too.
func (t *entryText) entry() *checkoutEntry {
	if t == nil {
		return nil
	}
	e := &checkoutEntry{Project: t.Project, Instance: t.Instance, Dir: t.Dir}
	e.Ports = append(make([]*portEntry, 0, len(t.Ports)+len(t.Homes)), t.Ports...)
	for _, home := range t.Homes {
		e.Ports = append(e.Ports, parsePort(home))
	}
	return e
}

// text is "SERVICE PORT" or "SERVICE/NAME PORT", and what follows are alternates.
func (p *portEntry) text() string {
	b := []byte(url.PathEscape(p.Service))
	if p.Name != "" {
		b = append(append(b, '/'), url.PathEscape(p.Name)...)
	}
	for _, port := range p.all() {
		b = strconv.AppendInt(append(b, ' '), int64(port), 10)
	}
	return string(b)
}

// parsePort returns what clean leaves out, or nil, for what is no port.
func parsePort(text string) *portEntry {
	key, numbers, _ := strings.Cut(text, " ")
	service, name, _ := strings.Cut(key, "/")
	service, err := url.PathUnescape(service)
	if err != nil {
		return nil
	}
	if name, err = url.PathUnescape(name); err != nil {
		return nil
	}
	p := &portEntry{Service: service, Name: name}
	for number := range strings.SplitSeq(numbers, " ") {
		port, _ := strconv.Atoi(number)
		if p.Port == 0 {
			p.Port = port
		} else {
			p.Alternates = append(p.Alternates, port)
		}
	}
	return p
}

func (e *checkoutEntry) clean(taken *portSet) {
	unusable := func(port int) bool {
		if port < lowest || port > highest || taken.has(port) {
			return true
		}
		taken.add(port)
		return false
	}
	seen := map[key]bool{}
	e.Ports = slices.DeleteFunc(e.Ports, func(p *portEntry) bool {
		if p == nil || p.Service == "" || seen[key{p.Service, p.Name}] || unusable(p.Port) {
			return true
		}
		seen[key{p.Service, p.Name}] = true
		p.Alternates = slices.DeleteFunc(p.Alternates, unusable)
		return false
	})
}

// find works on a nil entry too, which has nothing.
func (e *checkoutEntry) find(q Request) *portEntry {
	if e == nil {
		return nil
	}
	for _, p := range e.Ports {
		if p.Service == q.Service && p.Name == q.Name {
			return p
		}
	}
	return nil
}

// all returns the numbers of a key, its home first.
func (p *portEntry) all() []int { return append([]int{p.Port}, p.Alternates...) }
