package ports

// prefers reports whether q has a number in c that it gets while that is free.
func (c Checkout) prefers(q Request) bool {
	return q.Prefer != 0 && q.Fixed == 0 && c.Instance == mainInstance
}

// preferred takes the numbers that requests prefer, where they are free and no key's
// home. What a run holds already it keeps.
func (a *allocation) preferred() error {
	var f *registryFile
	for i, l := range a.all {
		if !a.checkout.prefers(l.Request) || a.keep(i) {
			continue
		}
		if f == nil {
			var err error
			if f, err = a.store.read(); err != nil {
				return err
			}
		}
		if f.taken.has(l.Prefer) {
			continue
		}
		ok, err := a.take(i, l.Prefer)
		if err != nil {
			return err
		}
		if ok {
			a.set(i, l.Prefer, l.Prefer)
		}
	}
	return nil
}

// locatePreferred returns where the request of automatic is, or would be leased; it
// prefers another number.
func (r *Registry) locatePreferred(f *registryFile, c Checkout, automatic Lease) Lease {
	there, aside := automatic, automatic
	there.Port, there.Home, there.Holder = automatic.Prefer, automatic.Prefer, nil
	aside.Home = automatic.Prefer
	ours := func(port int) (yes, held bool) {
		who, held := r.locks.holder(port)
		return held && (who.Project == "" || who.Dir == c.Dir && who.Project == c.Project), held
	}
	yes, held := ours(there.Port)
	runsAside, _ := ours(aside.Port)
	switch {
	case yes, !held && !runsAside && !f.taken.has(there.Port) && leasable(there.Port):
		return there
	case aside.Port != aside.Home:
		aside.Holder = r.whoHas(aside.Home)
	}
	return aside
}
