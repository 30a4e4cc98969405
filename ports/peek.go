package ports

import "slices"

// Peek returns the ports that requests have or would get, without leasing them:
// new keys are given their home, so that it stays what Peek said. Where a live
// run of this checkout moved aside, its port is shown. When every key is known
// nothing is written.
func (r *Registry) Peek(c Checkout, requests []Request) ([]Lease, error) {
	if err := check(c, requests); err != nil {
		return nil, err
	}
	b, err := r.store.read()
	if err != nil {
		return nil, err
	}
	homes, known := r.homes(b, c, requests)
	if !known {
		vanished := b.vanished(c.Dir)
		err = r.store.change(func(b *book) (bool, error) {
			b.collect(vanished)
			err := r.register(b, c, requests)
			homes, _ = r.homes(b, c, requests)
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]Lease, len(requests))
	for i, q := range requests {
		out[i] = Lease{Request: q, Port: q.Fixed, Home: q.Fixed}
		if q.Fixed == 0 {
			out[i] = r.whereabouts(c, q, homes[i])
		}
	}
	return out, nil
}

// homes are the slots of requests; known says that no automatic one is homeless.
func (r *Registry) homes(b *book, c Checkout, requests []Request) (homes []*slot, known bool) {
	shelf := b.find(c.Project, c.Dir)
	known = true
	for _, q := range requests {
		p := shelf.find(q)
		homes = append(homes, p)
		known = known && !r.homeless(p, q)
	}
	return homes, known
}

// homeless reports whether q, which stands in p if anywhere, needs a number.
func (r *Registry) homeless(p *slot, q Request) bool {
	return q.Fixed == 0 && (p == nil || !r.rng.contains(p.Port))
}

// register gives a home to every request that has none.
func (r *Registry) register(b *book, c Checkout, requests []Request) error {
	fixed := map[int]bool{}
	for _, q := range requests {
		fixed[q.Fixed] = true
	}
	shelf := b.shelf(c)
	for _, q := range slices.SortedFunc(slices.Values(requests), Request.compare) {
		if !r.homeless(shelf.find(q), q) {
			continue
		}
		port, err := r.choose(b, q, r.home(c, q), func(port int) (bool, error) {
			_, held := r.locks.holder(port)
			return !fixed[port] && !held && free(port), nil
		})
		if err != nil {
			return err
		}
		b.settle(shelf, q, port)
	}
	return nil
}

// whereabouts is p's home, unless a run of c lives at an alternate right now.
func (r *Registry) whereabouts(c Checkout, q Request, p *slot) Lease {
	home := Lease{Request: q, Port: p.Port, Home: p.Port}
	if len(p.Alternates) == 0 {
		return home
	}
	if who, held := r.locks.holder(p.Port); held && who.Dir == c.Dir && who.Project == c.Project {
		return home
	}
	for _, port := range p.Alternates {
		// A holder that does not tell who it is has a port of ours: it is ours.
		who, held := r.locks.holder(port)
		if held && (who.Project == "" || who.Dir == c.Dir && who.Project == c.Project) {
			return Lease{Request: q, Port: port, Home: p.Port, Holder: r.whoHas(p.Port)}
		}
	}
	return home
}
