package ports

import "errors"

// home is where the search for a key's first port starts. Teammates usually
// share numbers, because in the main checkout only names count; in others the
// directory does as well.
func (r *Registry) home(c Checkout, q Request) int {
	if c.Instance == mainInstance {
		return r.rng.home(c.Project, q.Service, q.Name)
	}
	return r.rng.home(c.Project, c.Dir, q.Service, q.Name)
}

// choose finds a port, from start on, that no key has and that fit accepts. An
// error of fit ends the search.
func (r *Registry) choose(f *registryFile, q Request, start int, fit func(int) (bool, error)) (port int, err error) {
	port, found := r.rng.search(start, r.avoid, func(port int) bool {
		if f.taken.has(port) {
			return false
		}
		var ok bool
		ok, err = fit(port)
		return ok || err != nil
	})
	if !found {
		return 0, r.exhausted(f, q)
	}
	return port, err
}

// exhausted says who leases the ports that no checkout known here has.
func (r *Registry) exhausted(f *registryFile, q Request) error {
	e := &ExhaustedError{Range: r.rng, Needed: q, Registered: f.taken.count(r.rng)}
	held, _ := r.locks.held()
	for _, port := range held {
		if !r.rng.contains(port) || f.taken.has(port) {
			continue
		}
		if e.Leased++; e.Leased == 1 {
			if who, ok := r.locks.holder(port); ok {
				e.Holder = who.Holder
			}
		}
	}
	return e
}

// avoid reports whether the kernel may give port to an outgoing connection,
// which happens where its range was widened.
func (r *Registry) avoid(port int) bool {
	if !r.ephemeral.contains(port) {
		return false
	}
	for _, k := range r.reserved {
		if k.contains(port) {
			return false
		}
	}
	return true
}

// Threatened returns the part of the range that the kernel may give to outgoing
// connections, each of which then keeps a service from its port; false is none.
func (r *Registry) Threatened() (part Range, ok bool) {
	for port := r.rng.First; port <= r.rng.Last; port++ {
		if !r.avoid(port) {
			continue
		}
		if !ok {
			part, ok = Range{port, port}, true
		}
		part.Last = port
	}
	return part, ok
}

// Range is where automatic ports come from.
func (r *Registry) Range() Range { return r.rng }

// whoHas names the lhrun that leases port, or else whoever has it; nil when that is
// nobody any more, or cannot be found out.
func (r *Registry) whoHas(port int) *Holder {
	if who, held := r.locks.holder(port); held {
		return &who.Holder
	}
	var busy *BusyError
	if errors.As(Free(port), &busy) {
		return &busy.Holder
	}
	return nil
}
