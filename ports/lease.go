package ports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Leases are ports that this process holds together.
type Leases struct {
	all   []Lease
	holds []hold
	once  sync.Once
}

// All returns the leases in the order of the requests.
func (l *Leases) All() []Lease { return slices.Clone(l.all) }

// Close frees the ports for other runs; their numbers stay registered. The end
// of the process frees them as well, however it ends.
func (l *Leases) Close() (err error) {
	l.once.Do(func() {
		for _, h := range l.holds {
			if h != nil {
				err = errors.Join(err, h.Close())
			}
		}
	})
	return err
}

// Lease holds a port for every request, or none.
//
// An automatic request gets its home: a number that is chosen on first use and
// then belongs to its key for as long as the checkout's directory exists. While
// somebody else sits there it gets another one, which is registered too, and the
// Lease says so. A fixed request gets its number or fails: the error joins one
// *BusyError for each that is taken. *ExhaustedError means that the range is used up.
//
// Every port is free when it is leased. A stranger may still bind it before the
// service does; Free and Watcher see that.
func (r *Registry) Lease(c Checkout, requests []Request) (*Leases, error) {
	t, err := r.take(c, requests, nil)
	if err != nil {
		return nil, err
	}
	return t.Leases, nil
}

// take is Lease, where what old holds may be taken as well.
func (r *Registry) take(c Checkout, requests []Request, old *Leases) (*taking, error) {
	if err := check(c, requests); err != nil {
		return nil, err
	}
	t := &taking{Registry: r, checkout: c, old: old, moved: map[int]int{}, Leases: &Leases{
		all:   make([]Lease, len(requests)),
		holds: make([]hold, len(requests)),
	}}
	for i, q := range requests {
		t.all[i] = Lease{Request: q}
	}
	err := t.fixed()
	if err == nil {
		err = t.automatic()
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	t.findHolders()
	return t, nil
}

// findHolders asks all who sit in a home at once, because each may take its time.
func (t *taking) findHolders() {
	var wg sync.WaitGroup
	for i := range t.all {
		if l := &t.all[i]; l.Port != l.Home && l.Holder == nil {
			wg.Go(func() { l.Holder = t.whoHas(l.Home) })
		}
	}
	wg.Wait()
}

func check(c Checkout, requests []Request) error {
	if c.Project == "" || c.Instance == "" || !filepath.IsAbs(c.Dir) {
		return fmt.Errorf("cannot find ports for %+v: it needs a project, an instance and an absolute directory", c)
	}
	type key struct{ service, name string }
	seen := map[key]bool{}
	for _, q := range requests {
		k := key{q.Service, q.Name}
		switch {
		case q.Service == "":
			return errors.New("cannot find a port for a service without a name")
		case q.Fixed < 0 || q.Fixed > highest:
			return fmt.Errorf("cannot give port %d to %s: ports go from 1 to %d", q.Fixed, q, highest)
		case seen[k]:
			return fmt.Errorf("cannot find a port for %s: it is asked for twice", q)
		}
		seen[k] = true
	}
	return nil
}

// taking is one call of Lease or Exchange.
type taking struct {
	*Registry
	*Leases
	checkout Checkout
	// old is what is held already, nil for nothing; moved says by index of its
	// leases which request has one of them now.
	old   *Leases
	moved map[int]int
}

// take holds port for request i when nobody has it.
func (t *taking) take(i, port int) (ok bool, err error) {
	q := t.all[i].Request
	if t.inherit(i, port) {
		return true, nil
	}
	h, err := t.locks.hold(port, t.identity(q))
	if errors.Is(err, errHeld) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot lease port %d for %s: %w", port, q, err)
	}
	if !free(port) {
		return false, h.Close()
	}
	t.holds[i] = h
	return true, nil
}

func (t *taking) identity(q Request) identity {
	c := t.checkout
	return identity{c.Project, c.Instance, q.Service, q.Name, c.Dir, os.Getpid()}
}

func (t *taking) got(i, port, home int) { t.all[i].Port, t.all[i].Home = port, home }

func (t *taking) fixed() error {
	var busy []error
	for i, l := range t.all {
		if l.Fixed == 0 {
			continue
		}
		ok, err := t.take(i, l.Fixed)
		if err != nil {
			return err
		}
		if t.got(i, l.Fixed, l.Fixed); !ok {
			e := &BusyError{Request: l.Request, Port: l.Fixed}
			if h := t.whoHas(l.Fixed); h != nil {
				e.Holder = *h
			}
			busy = append(busy, e)
		}
	}
	return errors.Join(busy...)
}

// automatic needs the registry's lock only for a key that is new or not at home.
//
// Ports are found before that, as if nobody wrote anything meanwhile: under the lock
// it would keep all others waiting who start at the same time.
func (t *taking) automatic() error {
	b, err := t.look()
	if err != nil {
		return err
	}
	rest, err := t.atHome(b)
	if err != nil || len(rest) == 0 {
		return err
	}
	// New keys that want one port get it in the same order everywhere.
	slices.SortFunc(rest, func(i, j int) int { return t.all[i].compare(t.all[j].Request) })
	vanished := b.vanished(t.checkout.Dir)
	b.collect(vanished)
	for _, i := range rest {
		if _, err := t.place(b, i); err != nil {
			break // Whether it is so shows under the lock.
		}
	}
	return t.store.change(func(b *book) (changed bool, err error) {
		b.collect(vanished)
		shelf := b.shelf(t.checkout)
		shelf.Ports = slices.Grow(shelf.slots(), len(rest))
		for _, i := range rest {
			one, err := t.record(b, i)
			changed = changed || one
			if err != nil {
				return changed, err
			}
		}
		return changed, nil
	})
}

// look returns the book as it was a moment ago; of one that the checkout was just
// added to the numbers will do.
func (t *taking) look() (*book, error) {
	if added := t.added.Swap(nil); added != nil && added.Checkout == t.checkout {
		return &book{taken: &added.taken}, nil
	}
	return t.store.read()
}

// atHome takes the homes that b knows, where they are free. rest are the automatic
// requests that have to be placed.
func (t *taking) atHome(b *book) (rest []int, err error) {
	shelf := b.find(t.checkout.Project, t.checkout.Dir)
	for i, l := range t.all {
		if l.Fixed != 0 || t.keep(i) {
			continue
		}
		p, ok := shelf.find(l.Request), false
		if p != nil && t.rng.contains(p.Port) {
			if ok, err = t.take(i, p.Port); err != nil {
				return nil, err
			}
		}
		if !ok {
			rest = append(rest, i)
			continue
		}
		t.got(i, p.Port, p.Port)
	}
	return rest, nil
}

// record writes down what automatic request i has got. Where it has got nothing, or
// what somebody else has written down meanwhile, a place is found now.
func (t *taking) record(b *book, i int) (changed bool, err error) {
	l, shelf := t.all[i], b.shelf(t.checkout)
	p := shelf.find(l.Request)
	known := p != nil && t.rng.contains(p.Port)
	switch {
	case l.Port == 0:
	case known && l.Home == p.Port && slices.Contains(p.all(), l.Port):
		return false, nil
	case b.registered(l.Port):
	case known && l.Home == p.Port:
		b.setAside(shelf, p, l.Port)
		return true, nil
	case !known && l.Home == l.Port:
		b.settle(shelf, l.Request, l.Port)
		return true, nil
	}
	if err := t.letGo(i); err != nil {
		return false, err
	}
	return t.place(b, i)
}

// letGo takes from request i what it has got.
func (t *taking) letGo(i int) error {
	maps.DeleteFunc(t.moved, func(_, to int) bool { return to == i })
	h := t.holds[i]
	t.holds[i] = nil
	t.got(i, 0, 0)
	if h == nil {
		return nil
	}
	return h.Close()
}

func (r Request) compare(o Request) int {
	return cmp.Or(cmp.Compare(r.Service, o.Service), cmp.Compare(r.Name, o.Name))
}

// place finds a port for an automatic request: its home, an alternate, a new one.
func (t *taking) place(b *book, i int) (changed bool, err error) {
	q, shelf := t.all[i].Request, b.shelf(t.checkout)
	p := shelf.find(q)
	if p == nil || !t.rng.contains(p.Port) {
		port, err := t.choose(b, q, t.home(t.checkout, q), func(port int) (bool, error) { return t.take(i, port) })
		if err == nil {
			b.settle(shelf, q, port)
			t.got(i, port, port)
		}
		return err == nil, err
	}
	for _, port := range p.all() {
		if !t.rng.contains(port) {
			continue
		}
		ok, err := t.take(i, port)
		if ok {
			t.got(i, port, p.Port)
		}
		if ok || err != nil {
			return false, err
		}
	}
	port, err := t.choose(b, q, p.Port, func(port int) (bool, error) { return t.take(i, port) })
	if err == nil {
		b.setAside(shelf, p, port)
		t.got(i, port, p.Port)
	}
	return err == nil, err
}
