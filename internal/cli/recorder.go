package cli

import (
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

// recorder keeps the record of a run current: what was started since the last
// look is written down soon, what a service started in its turn within seconds.
type recorder struct {
	instance *instance
	sup      *supervisor.Supervisor
	rec      record
	quit     chan struct{}
	ended    chan struct{}
}

const (
	// recordPause keeps a crowd of starts from writing the file for each.
	recordPause = 100 * time.Millisecond
	recordEvery = 2 * time.Second
	// recordShare bounds what looking may cost: one part in so many of a core, but
	// a disk that hangs for once doesn't end the looking.
	recordShare    = 200
	recordPauseMax = 10 * time.Second
)

// keepRecord writes the record now, and again as it changes, until the recorder is
// closed.
func (i *instance) keepRecord(rec record, sup *supervisor.Supervisor) (*recorder, error) {
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
	tick := time.NewTicker(recordEvery)
	defer tick.Stop()
	for {
		select {
		case _, ok := <-news:
			if !ok {
				return
			}
		case <-tick.C:
		case <-r.quit:
			return
		}
		pause := time.After(min(max(recordPause, recordShare*r.look()), recordPauseMax))
		select {
		case <-pause:
		case <-r.quit:
			return
		}
	}
}

// look writes the record if it changed, and returns how long that took. A disk
// that is full now may be tried again at the next change.
func (r *recorder) look() time.Duration {
	began := time.Now()
	rec := r.rec
	rec.Processes = nil
	for _, p := range r.sup.Processes() {
		rec.Processes = append(rec.Processes, proc.Owned{
			Service: p.Service, ID: proc.ID{PID: p.PID, Start: p.Start}, Mark: p.Mark, Pipe: p.Pipe,
		})
	}
	slices.SortFunc(rec.Processes, func(a, b proc.Owned) int { return a.PID - b.PID })
	if !slices.Equal(rec.Processes, r.rec.Processes) && r.instance.write(rec) == nil {
		r.rec = rec
	}
	return time.Since(began)
}

// close returns when nothing will be written any more.
func (r *recorder) close() {
	close(r.quit)
	<-r.ended
}
