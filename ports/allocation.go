package ports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
)

// allocate is Lease for a run that holds old, which may be nil.
func (r *Registry) allocate(c Checkout, requests []Request, old *Leases) (*allocation, error) {
	if err := check(c, requests); err != nil {
		return nil, err
	}
	a := &allocation{Registry: r, checkout: c, old: old, moved: map[int]int{}, Leases: &Leases{
		registry: r, checkout: c,
		all:   make([]Lease, len(requests)),
		holds: make([]hold, len(requests)),
	}}
	for i, q := range requests {
		a.all[i] = Lease{Request: q}
	}
	err := a.fixed()
	if err == nil {
		err = a.preferred()
	}
	if err == nil {
		err = a.automatic()
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	for i := range a.all {
		if l := &a.all[i]; c.prefers(l.Request) {
			l.Home = l.Prefer
		}
	}
	a.findHolders()
	return a, nil
}

// findHolders asks everybody who sits in a home at once, because each may take its time.
func (a *allocation) findHolders() {
	var wg sync.WaitGroup
	for i := range a.all {
		if l := &a.all[i]; l.Port != l.Home && l.Holder == nil {
			wg.Go(func() { l.Holder = a.whoHas(l.Home) })
		}
	}
	wg.Wait()
}

// allocation is one call of Lease or Exchange.
type allocation struct {
	*Registry
	*Leases
	checkout Checkout
	// old is what the run holds already, nil for nothing. moved maps the index of a
	// lease in old to the request that has it now.
	old   *Leases
	moved map[int]int
}

// take holds port for request i when nobody has it.
func (a *allocation) take(i, port int) (ok bool, err error) {
	q := a.all[i].Request
	if a.inherit(i, port) {
		return true, nil
	}
	h, err := a.locks.hold(port, a.identity(q))
	if errors.Is(err, errHeld) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot lease port %d for %s: %w", port, q, err)
	}
	if !q.Outside && !leasable(port) {
		return false, h.Close()
	}
	a.holds[i] = h
	return true, nil
}

func (a *allocation) identity(q Request) identity {
	c := a.checkout
	return identity{c.Project, c.Instance, q.Service, q.Name, c.Dir, os.Getpid()}
}

func (a *allocation) set(i, port, home int) { a.all[i].Port, a.all[i].Home = port, home }

func (a *allocation) fixed() error {
	var busy []error
	for i, l := range a.all {
		if l.Fixed == 0 {
			continue
		}
		if l.Outside { // Several checkouts may use one server.
			a.set(i, l.Fixed, l.Fixed)
			continue
		}
		ok, err := a.take(i, l.Fixed)
		if err != nil {
			return err
		}
		if a.set(i, l.Fixed, l.Fixed); !ok && !l.Deferred {
			busy = append(busy, a.busy(l.Request))
		}
	}
	return errors.Join(busy...)
}

// busy says who has the number that q is fixed on.
func (a *allocation) busy(q Request) error {
	e := &BusyError{Request: q, Port: q.Fixed}
	if h := a.whoHas(q.Fixed); h != nil {
		e.Holder = *h
	}
	return e
}

// automatic needs the registry's lock only for a key that is new or not at home.
//
// It finds ports before it takes the lock, as if nobody wrote anything meanwhile: 50
// processes that start at once would wait for each other's search (the row "20 new
// leases, 50 lhrun at once" of the figures).
func (a *allocation) automatic() error {
	f, err := a.store.read()
	if err != nil {
		return err
	}
	rest, err := a.takeHomes(f)
	if err != nil || len(rest) == 0 {
		return err
	}
	// New keys that want one port get it in the same order everywhere.
	slices.SortFunc(rest, func(i, j int) int { return a.all[i].compare(a.all[j].Request) })
	vanished := a.vanished(f, a.checkout.Dir)
	f.collect(vanished)
	for _, i := range rest {
		if _, err := a.place(f, i); err != nil {
			break // The search under the lock decides whether this is an error.
		}
	}
	return a.store.change(func(f *registryFile) (changed bool, err error) {
		f.collect(vanished)
		for _, i := range rest {
			one, err := a.record(f, i)
			changed = changed || one
			if err != nil {
				return changed, err
			}
		}
		return changed, nil
	})
}

// takeHomes takes the homes that f knows, where they are free. It returns the automatic
// requests that still need a port.
func (a *allocation) takeHomes(f *registryFile) (rest []int, err error) {
	e := f.find(a.checkout.Project, a.checkout.Dir)
	for i, l := range a.all {
		if l.Fixed != 0 || l.Port != 0 || a.keep(i) {
			continue
		}
		p, ok := e.find(l.Request), false
		if a.hasHome(p) {
			if ok, err = a.take(i, p.Port); err != nil {
				return nil, err
			}
		}
		if !ok {
			rest = append(rest, i)
			continue
		}
		a.set(i, p.Port, p.Port)
	}
	return rest, nil
}

// record registers the port that automatic request i has. Where it has none, or one that
// somebody else registered meanwhile, record finds another.
func (a *allocation) record(f *registryFile, i int) (changed bool, err error) {
	l, e := a.all[i], f.entry(a.checkout)
	p := e.find(l.Request)
	known := a.hasHome(p)
	switch {
	case l.Port == 0:
	case known && l.Home == p.Port && slices.Contains(p.all(), l.Port):
		return false, nil
	case f.taken.has(l.Port):
	case known && l.Home == p.Port:
		f.addAlternate(e, p, l.Port)
		return true, nil
	case !known && l.Home == l.Port:
		f.setHome(e, l.Request, l.Port)
		return true, nil
	}
	if err := a.release(i); err != nil {
		return false, err
	}
	return a.place(f, i)
}

// release takes its port from request i.
func (a *allocation) release(i int) error {
	maps.DeleteFunc(a.moved, func(_, to int) bool { return to == i })
	h := a.holds[i]
	a.holds[i] = nil
	a.set(i, 0, 0)
	if h == nil {
		return nil
	}
	return h.Close()
}

func (r Request) compare(o Request) int {
	return cmp.Or(cmp.Compare(r.Service, o.Service), cmp.Compare(r.Name, o.Name))
}

// place finds a port for an automatic request: its home, an alternate, a new one.
func (a *allocation) place(f *registryFile, i int) (changed bool, err error) {
	q, e := a.all[i].Request, f.entry(a.checkout)
	p := e.find(q)
	if !a.hasHome(p) {
		port, err := a.choose(f, q, a.home(a.checkout, q), func(port int) (bool, error) { return a.take(i, port) })
		if err == nil {
			f.setHome(e, q, port)
			a.set(i, port, port)
		}
		return err == nil, err
	}
	for _, port := range p.all() {
		if !a.rng.contains(port) {
			continue
		}
		ok, err := a.take(i, port)
		if ok {
			a.set(i, port, p.Port)
		}
		if ok || err != nil {
			return false, err
		}
	}
	port, err := a.choose(f, q, p.Port, func(port int) (bool, error) { return a.take(i, port) })
	if err == nil {
		f.addAlternate(e, p, port)
		a.set(i, port, p.Port)
	}
	return err == nil, err
}
