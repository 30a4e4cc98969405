package ports

import (
	"cmp"
	"slices"
	"sync"
)

// Entries returns every port on this machine that is registered by this user or
// leased by anybody, by number. A lease of another user has only PID and User.
func (r *Registry) Entries() ([]Entry, error) {
	b, err := r.store.read()
	if err != nil {
		return nil, err
	}
	live, err := r.live()
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, s := range b.Checkouts {
		for _, p := range s.slots() {
			out = append(out, s.entry(p, p.Port, live))
			for _, port := range p.Alternates {
				out = append(out, s.entry(p, port, live))
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

// entry takes its lease out of live, unless that is somebody else's.
func (s *shelf) entry(p *slot, port int, live map[int]lessee) Entry {
	e := Entry{Port: port, Project: s.Project, Instance: s.Instance, Dir: s.Dir,
		Service: p.Service, Name: p.Name, Alternate: port != p.Port}
	who, ok := live[port]
	if ok && who.Dir == s.Dir && who.Project == s.Project && who.Service == p.Service && who.Name == p.Name {
		e.Live, e.PID, e.User = true, who.PID, who.User
		delete(live, port)
	}
	return e
}

// live asks all holders at once, because one that is stopped takes its time.
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
	for _, port := range held {
		wg.Go(func() {
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
