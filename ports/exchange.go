package ports

import (
	"errors"
	"slices"
)

// Exchange leases ports for requests while old holds some already, as Lease does
// for a run that begins. What a request has in old it keeps, even where that is
// not its home; a fixed port may pass from one request to another. rest holds what
// no request has any more, to be closed when nobody uses it.
//
// old is used up. On an error it is as before.
func (r *Registry) Exchange(old *Leases, c Checkout, requests []Request) (next, rest *Leases, err error) {
	a, err := r.allocate(c, requests, old)
	if err != nil {
		return nil, nil, err
	}
	rest = &Leases{registry: r, checkout: c}
	for j, h := range old.holds {
		i, moved := a.moved[j]
		if !moved {
			rest.all, rest.holds = append(rest.all, old.all[j]), append(rest.holds, h)
			continue
		}
		a.holds[i] = h
		if old.all[j].Request != a.all[i].Request {
			err = errors.Join(err, h.transfer(a.identity(a.all[i].Request)))
		}
	}
	old.once.Do(func() {})
	if err != nil {
		return nil, nil, errors.Join(err, a.Close(), rest.Close())
	}
	return a.Leases, rest, nil
}

// Restore registers c and the ports of its leases where the registry does not know c: it
// was lost while the leases were held.
func (r *Registry) Restore(c Checkout, leases *Leases) error {
	missing := func(f *registryFile) bool {
		return !slices.ContainsFunc(f.Checkouts, func(e *checkoutEntry) bool { return e.Project == c.Project && e.Instance == c.Instance })
	}
	f, err := r.store.read()
	if err != nil || !missing(f) {
		return err
	}
	return r.store.change(func(f *registryFile) (bool, error) {
		if !missing(f) {
			return false, nil
		}
		e := f.entry(c)
		for _, l := range leases.all {
			if l.Fixed == 0 && !f.taken.has(l.Home) {
				f.setHome(e, l.Request, l.Home)
			}
		}
		return true, nil
	})
}

// Join has l hold what other does as well. other is used up.
func (l *Leases) Join(other *Leases) {
	l.all, l.holds = append(l.all, other.all...), append(l.holds, other.holds...)
	other.once.Do(func() {})
}

// inherit lets request i have a port that is held already: its own, or one that
// it is fixed on.
func (a *allocation) inherit(i, port int) bool {
	if a.old == nil {
		return false
	}
	j := slices.IndexFunc(a.old.all, func(l Lease) bool { return l.Port == port })
	if j < 0 || a.old.holds[j] == nil {
		return false
	}
	if _, gone := a.moved[j]; gone || a.all[i].Fixed == 0 && a.old.all[j].compare(a.all[i].Request) != 0 {
		return false
	}
	a.moved[j] = i
	return true
}

// keep leaves automatic request i where it is.
func (a *allocation) keep(i int) bool {
	if a.old == nil {
		return false
	}
	j := slices.IndexFunc(a.old.all, func(l Lease) bool { return l.Request == a.all[i].Request })
	if j < 0 || !a.rng.contains(a.old.all[j].Port) || !a.inherit(i, a.old.all[j].Port) {
		return false
	}
	a.all[i] = a.old.all[j]
	return true
}
