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
	t, err := r.take(c, requests, old)
	if err != nil {
		return nil, nil, err
	}
	rest = &Leases{}
	for j, h := range old.holds {
		i, moved := t.moved[j]
		if !moved {
			rest.all, rest.holds = append(rest.all, old.all[j]), append(rest.holds, h)
			continue
		}
		t.holds[i] = h
		if old.all[j].Request != t.all[i].Request {
			err = errors.Join(err, h.become(t.identity(t.all[i].Request)))
		}
	}
	old.once.Do(func() {})
	if err != nil {
		return nil, nil, errors.Join(err, t.Close(), rest.Close())
	}
	return t.Leases, rest, nil
}

// Join has l hold what other does as well. other is used up.
func (l *Leases) Join(other *Leases) {
	l.all, l.holds = append(l.all, other.all...), append(l.holds, other.holds...)
	other.once.Do(func() {})
}

// inherit lets request i have a port that is held already: its own, or one that
// it is fixed on.
func (t *taking) inherit(i, port int) bool {
	if t.old == nil {
		return false
	}
	j := slices.IndexFunc(t.old.all, func(l Lease) bool { return l.Port == port })
	if j < 0 {
		return false
	}
	if _, gone := t.moved[j]; gone || t.all[i].Fixed == 0 && t.old.all[j].compare(t.all[i].Request) != 0 {
		return false
	}
	t.moved[j] = i
	return true
}

// keep leaves automatic request i where it is.
func (t *taking) keep(i int) bool {
	if t.old == nil {
		return false
	}
	j := slices.IndexFunc(t.old.all, func(l Lease) bool { return l.Request == t.all[i].Request })
	if j < 0 || !t.rng.contains(t.old.all[j].Port) || !t.inherit(i, t.old.all[j].Port) {
		return false
	}
	t.all[i] = t.old.all[j]
	return true
}
