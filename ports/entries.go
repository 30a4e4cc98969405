package ports

import (
	"cmp"
	"slices"
	"sync"
)

// Entries returns every port on this machine that is registered by this user or
// leased by anybody, by number. A lease of another user has only PID and User.
func (r *Registry) Entries() ([]Entry, error) {
	f, err := r.store.read()
	if err != nil {
		return nil, err
	}
	live, err := r.live()
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, e := range f.Checkouts {
		for _, p := range e.Ports {
			for _, port := range p.all() {
				out = append(out, e.describe(p, port, live))
			}
		}
	}
	for port, who := range live {
		out = append(out, Entry{Port: port, Project: who.Project, Instance: who.Instance, Dir: who.Dir,
			Service: who.Service, Name: who.Name, Live: true, PID: who.PID, User: who.User})
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Dir, b.Dir))
	})
	return out, nil
}

// describe takes the lease of port out of live, unless that is somebody else's.
func (e *checkoutEntry) describe(p *portEntry, port int, live map[int]lessee) Entry {
	out := Entry{Port: port, Project: e.Project, Instance: e.Instance, Dir: e.Dir,
		Service: p.Service, Name: p.Name, Alternate: port != p.Port}
	who, ok := live[port]
	if ok && who.isOf(e.checkout()) && who.Service == p.Service && who.Name == p.Name {
		out.Live, out.PID, out.User = true, who.PID, who.User
		delete(live, port)
	}
	return out
}

// questions bounds how many holders are asked at once: each takes a descriptor.
const questions = 64

// live asks many holders at once, because a stopped one does not answer for a while.
func (r *Registry) live() (map[int]lessee, error) {
	held, err := r.locks.held()
	if err != nil {
		return nil, err
	}
	var (
		mu  sync.Mutex
		wg  sync.WaitGroup
		out = make(map[int]lessee, len(held))
	)
	asking := make(chan struct{}, questions)
	for _, port := range held {
		asking <- struct{}{}
		wg.Go(func() {
			defer func() { <-asking }()
			if who, ok := r.locks.holder(port); ok {
				mu.Lock()
				defer mu.Unlock()
				out[port] = who
			}
		})
	}
	wg.Wait()
	return out, nil
}
