package ports

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
)

// Leases are ports that this process holds together.
type Leases struct {
	registry *Registry
	checkout Checkout
	all      []Lease
	once     sync.Once

	mu sync.Mutex
	// holds are nil for the ports that nobody of this process holds: those of servers
	// outside, and deferred ones that were taken.
	holds []hold
}

// All returns the leases in the order of the requests.
func (l *Leases) All() []Lease { return slices.Clone(l.all) }

// Close frees the ports for other runs; their numbers stay registered. The end
// of the process frees them as well, however it ends.
func (l *Leases) Close() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.once.Do(func() {
		for _, h := range l.holds {
			if h != nil {
				err = errors.Join(err, h.Close())
			}
		}
	})
	return err
}

// Claim leases those ports of a service that were taken when Lease left them out. It
// returns a *BusyError for each that is taken still, joined; nil where all are leased.
func (l *Leases) Claim(service string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &allocation{Registry: l.registry, Leases: l, checkout: l.checkout}
	var errs []error
	for i, lease := range l.all {
		if lease.Service != service || !lease.Deferred || l.holds[i] != nil {
			continue
		}
		ok, err := a.take(i, lease.Fixed)
		if !ok && err == nil {
			err = a.busy(lease.Request)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Lease holds a port for every request, or none.
//
// An automatic request gets its home: a number that is chosen on first use and
// then belongs to its key for as long as the checkout's directory exists. While
// somebody else sits there it gets another one, which is registered too, and the
// Lease says so. In the main checkout a request gets the number that it prefers, if
// that is free and no other key's home. A fixed request gets its number or, unless it is
// deferred, fails: the error joins one *BusyError for each that is taken.
// *ExhaustedError means that the range is used up.
//
// Every port is free when it is leased. A stranger may still bind it before the
// service does; Free and Watcher see that.
func (r *Registry) Lease(c Checkout, requests []Request) (*Leases, error) {
	a, err := r.allocate(c, requests, nil)
	if err != nil {
		return nil, err
	}
	return a.Leases, nil
}

func check(c Checkout, requests []Request) error {
	if c.Project == "" || c.Instance == "" || !filepath.IsAbs(c.Dir) {
		return fmt.Errorf("cannot find ports for %+v: it needs a project, an instance and an absolute directory", c)
	}
	seen := map[key]bool{}
	for _, q := range requests {
		k := key{q.Service, q.Name}
		switch {
		case q.Service == "":
			return errors.New("cannot find a port for a service without a name")
		case q.Fixed < 0 || q.Fixed > highest:
			return fmt.Errorf("cannot give port %d to %s: ports go from 1 to %d", q.Fixed, q, highest)
		case q.Prefer < 0 || q.Prefer > highest:
			return fmt.Errorf("cannot give port %d to %s: ports go from 1 to %d", q.Prefer, q, highest)
		case seen[k]:
			return fmt.Errorf("cannot find a port for %s: it is asked for twice", q)
		}
		seen[k] = true
	}
	return nil
}
