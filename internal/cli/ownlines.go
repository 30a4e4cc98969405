package cli

import (
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
)

// ownLines keeps lhrun's own lines of a run on disk, among those of the services:
// through the supervisor while that runs, and by itself what is said before and
// after.
type ownLines struct {
	mu      sync.Mutex
	sup     *supervisor.Supervisor
	waiting []ownLine
}

type ownLine struct {
	at   time.Time
	text string
}

// mostWaiting bounds what is held while nothing can be kept.
const mostWaiting = 1000

func (o *ownLines) add(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if (o.sup == nil || !o.sup.Record(logs.Self, now, text)) && len(o.waiting) < mostWaiting {
		o.waiting = append(o.waiting, ownLine{now, text})
	}
}

// begin hands over what was said before there was a supervisor.
func (o *ownLines) begin(sup *supervisor.Supervisor) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.waiting {
		sup.Record(logs.Self, l.at, l.text)
	}
	o.sup, o.waiting = sup, nil
}

// end keeps what was said since the supervisor has ended. A disk that does not take
// it has been told of before.
func (o *ownLines) end(dir string, maxSize int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return
	}
	store, err := logs.Open(dir, logs.StoreOptions{MaxSize: maxSize})
	if err != nil {
		return
	}
	if log, err := store.Log(logs.Self); err == nil {
		for _, l := range o.waiting {
			log.Append(l.at, []byte(l.text+"\n"))
		}
	}
	_ = store.Close()
	o.waiting = nil
}
