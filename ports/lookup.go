package ports

import (
	"slices"
	"time"
)

// Lookup returns the ports that requests have or would get, without leasing them. It
// gives new keys their home, so that a later Lease agrees. Where a live run of this
// checkout moved aside, Lookup returns the port it moved to. When every key is known
// nothing is written.
func (r *Registry) Lookup(c Checkout, requests []Request) ([]Lease, error) {
	if err := check(c, requests); err != nil {
		return nil, err
	}
	f, err := r.store.read()
	if err != nil {
		return nil, err
	}
	entries, known := r.portEntries(f, c, requests)
	if !known {
		vanished, leases := r.vanished(f, c.Dir), r.survey(f, c, requests)
		err = r.store.look(func(f *registryFile) (bool, error) {
			f.collect(vanished)
			err := r.register(f, c, requests, leases)
			entries, _ = r.portEntries(f, c, requests)
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
			out[i] = r.locate(c, q, entries[i])
		}
		if c.prefers(q) {
			out[i] = r.locatePreferred(f, c, out[i])
		}
	}
	return out, nil
}

// Runs reports whether a run of c holds a port of one of requests, whatever has become
// of the registry since.
func (r *Registry) Runs(c Checkout, requests []Request) bool {
	f, err := r.store.read()
	if err != nil {
		return false
	}
	e := f.find(c.Project, c.Dir)
	for _, q := range requests {
		found, until := false, time.Now().Add(askingTime)
		look := func(port int) (free bool, err error) {
			who, held := r.locks.holder(port)
			found = found || held && who.isOf(c)
			return found || !held || time.Now().After(until), nil
		}
		switch p := e.find(q); {
		case q.Fixed != 0:
			_, _ = look(q.Fixed)
		case p != nil:
			for _, port := range p.all() {
				_, _ = look(port)
			}
		default:
			_, _ = r.choose(f, q, r.home(c, q), look)
		}
		if found {
			return true
		}
	}
	return false
}

// portEntries returns the entry of each request, nil where it has none; known reports
// whether every automatic one has a usable home.
func (r *Registry) portEntries(f *registryFile, c Checkout, requests []Request) (entries []*portEntry, known bool) {
	e := f.find(c.Project, c.Dir)
	known = true
	for _, q := range requests {
		p := e.find(q)
		entries = append(entries, p)
		known = known && (q.Fixed != 0 || r.hasHome(p))
	}
	return entries, known
}

// hasHome reports whether p, which may be nil, has a home in the range.
func (r *Registry) hasHome(p *portEntry) bool { return p != nil && r.rng.contains(p.Port) }

// askingTime is how long a search for a port may ask who has the ports on its way. The last
// question may take longer than that.
const askingTime = 100 * time.Millisecond

// leaseSurvey is what leases there are, and who has those that were asked about.
type leaseSurvey struct {
	held  map[int]bool
	asked map[int]lessee
}

// survey asks who has the ports that register comes across, before others have to wait for
// the lock.
func (r *Registry) survey(f *registryFile, c Checkout, requests []Request) leaseSurvey {
	v := leaseSurvey{map[int]bool{}, map[int]lessee{}}
	until := time.Now().Add(askingTime)
	held, _ := r.locks.held() // Without the list nobody is asked, and a lease moves aside.
	for _, port := range held {
		v.held[port] = true
	}
	e := f.find(c.Project, c.Dir)
	for _, q := range requests {
		if q.Fixed != 0 || r.hasHome(e.find(q)) {
			continue
		}
		_, _ = r.choose(f, q, r.home(c, q), func(port int) (bool, error) {
			if !v.held[port] || time.Now().After(until) {
				return true, nil
			}
			if who, ok := r.locks.holder(port); ok {
				v.asked[port] = who
			}
			return v.asked[port].isOf(c), nil
		})
	}
	return v
}

// register gives a home to every automatic request that has none.
func (r *Registry) register(f *registryFile, c Checkout, requests []Request, leases leaseSurvey) error {
	fixed := map[int]bool{}
	for _, q := range requests {
		fixed[q.Fixed] = true
	}
	e := f.entry(c)
	for _, q := range slices.SortedFunc(slices.Values(requests), Request.compare) {
		if q.Fixed != 0 || r.hasHome(e.find(q)) {
			continue
		}
		port, err := r.choose(f, q, r.home(c, q), func(port int) (bool, error) {
			if leases.held[port] { // By the run of c itself, where the registry was lost.
				who := leases.asked[port]
				return who.isOf(c) && who.Service == q.Service && who.Name == q.Name, nil
			}
			return !fixed[port] && leasable(port), nil
		})
		if err != nil {
			return err
		}
		f.setHome(e, q, port)
	}
	return nil
}

// locate returns p's home, unless a live run of c uses an alternate.
func (r *Registry) locate(c Checkout, q Request, p *portEntry) Lease {
	home := Lease{Request: q, Port: p.Port, Home: p.Port}
	if len(p.Alternates) == 0 {
		return home
	}
	if who, held := r.locks.holder(p.Port); held && who.isOf(c) {
		return home
	}
	for _, port := range p.Alternates {
		// A holder of our port that does not tell who it is must be a run of c.
		who, held := r.locks.holder(port)
		if held && (who.Project == "" || who.isOf(c)) {
			return Lease{Request: q, Port: port, Home: p.Port, Holder: r.whoHas(p.Port)}
		}
	}
	return home
}
