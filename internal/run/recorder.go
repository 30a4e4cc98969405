package run

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// recorder keeps the record of a run current. It writes down at once what lhrun has
// started, and within seconds, or minutes where the trees are large, what a service
// has started in its turn.
type recorder struct {
	instance *Instance
	sup      *supervisor.Supervisor
	mu       sync.Mutex // guards rec, and the file
	rec      record
	// below holds what the last look into the trees has found.
	below []supervisor.Handle
	quit  chan struct{}
	ended chan struct{}
}

const (
	// writeShare and lookShare bound the cost of writing, and of looking into the
	// trees, to one part in so many of a core. Many starts at once are one write.
	writeShare = 20
	lookShare  = 8000
	lookEvery  = 2 * time.Second
)

// keepRecord writes the record now, and again as it changes, until the recorder is
// closed.
func (i *Instance) keepRecord(rec record, sup *supervisor.Supervisor) (*recorder, error) {
	if err := i.write(rec); err != nil {
		return nil, err
	}
	r := &recorder{instance: i, sup: sup, rec: rec, quit: make(chan struct{}), ended: make(chan struct{})}
	go r.run()
	return r, nil
}

func (r *recorder) run() {
	defer close(r.ended)
	news, unsubscribe := r.sup.Subscribe(1)
	defer unsubscribe()
	look := time.NewTimer(lookEvery)
	defer look.Stop()
	for {
		select {
		case _, ok := <-news:
			if !ok {
				return
			}
		case <-look.C:
			began := time.Now()
			r.below = r.sup.Handles(true)
			look.Reset(max(lookEvery, lookShare*time.Since(began)))
		case <-r.quit:
			return
		}
		began := time.Now()
		r.update()
		select {
		case <-time.After(min(writeShare*time.Since(began), lookEvery)):
		case <-r.quit:
			return
		}
	}
}

// update writes the record if it changed. Where that fails, the next change tries
// again.
func (r *recorder) update() {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.rec
	rec.Handles = append(r.sup.Handles(false), r.below...)
	slices.SortFunc(rec.Handles, func(a, b supervisor.Handle) int {
		return cmp.Or(a.PID-b.PID, cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	rec.Handles = slices.Compact(rec.Handles)
	if !slices.Equal(rec.Handles, r.rec.Handles) && r.instance.write(rec) == nil {
		r.rec = rec
	}
}

// heal makes the lock and the record anew where they were removed, and reports whether
// they were.
func (r *recorder) heal() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.instance.heal(r.rec)
}

// close returns when nothing will be written any more.
func (r *recorder) close() {
	close(r.quit)
	<-r.ended
}
