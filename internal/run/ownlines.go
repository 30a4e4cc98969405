package run

import (
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/supervisor"
)

// ownLines keeps lhrun's own lines of a run on disk, among those of the services.
// While the supervisor runs it writes them through that; what is said before and
// after it writes by itself.
type ownLines struct {
	mu      sync.Mutex
	sup     *supervisor.Supervisor
	waiting []ownLine
	// writing closes when the writer has finished; nil means that there is none.
	writing chan struct{}
}

type ownLine struct {
	at   time.Time
	text string
}

const (
	// mostWaiting bounds the lines held in memory while the disk takes none.
	mostWaiting = 1000
	// diskPatience is how long add waits for the disk. A slow disk does not hold up
	// the run.
	diskPatience = 100 * time.Millisecond
	// atOnce is the span of time whose lines are written together on a slow disk.
	atOnce = time.Second
)

func (o *ownLines) add(text string) {
	o.mu.Lock()
	behind := o.writing != nil
	if len(o.waiting) < mostWaiting {
		o.waiting = append(o.waiting, ownLine{time.Now(), text})
	}
	writing := o.write()
	o.mu.Unlock()
	if writing == nil || behind {
		return
	}
	late := time.NewTimer(diskPatience)
	defer late.Stop()
	select {
	case <-writing:
	case <-late.C:
	}
}

// begin hands over what was said before there was a supervisor.
func (o *ownLines) begin(sup *supervisor.Supervisor) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sup = sup
	o.write()
}

// write starts a writer of the waiting lines, unless there is one. Callers hold mu.
func (o *ownLines) write() (writing <-chan struct{}) {
	if o.sup == nil || o.writing != nil || len(o.waiting) == 0 {
		return o.writing
	}
	done := make(chan struct{})
	o.writing = done
	go func() {
		o.drain()
		close(done)
	}()
	return done
}

// drain writes until no line waits or the supervisor has ended.
func (o *ownLines) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) > 0 && o.sup != nil {
		first, sup := o.waiting[0], o.sup
		text, n := first.text, 1
		for n < len(o.waiting) && o.waiting[n].at.Sub(first.at) < atOnce {
			text += "\n" + o.waiting[n].text
			n++
		}
		o.mu.Unlock()
		kept := sup.Record(logs.Self, first.at, text)
		o.mu.Lock()
		if !kept {
			o.sup = nil // What is said from now on is for end.
			break
		}
		o.waiting = o.waiting[n:]
	}
	o.writing = nil
}

// end keeps what was said since the supervisor has ended. It tells no error: the
// supervisor has told of a disk that takes nothing.
func (o *ownLines) end(dir string, maxSize int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for writing := o.writing; writing != nil; writing = o.writing {
		o.mu.Unlock()
		<-writing
		o.mu.Lock()
	}
	if len(o.waiting) == 0 {
		return
	}
	keepLines(dir, maxSize, o.waiting...)
	o.waiting = nil
}

// keepLines appends lines to lhrun's own of a run that has ended.
func keepLines(dir string, maxSize int64, lines ...ownLine) {
	store, err := logs.Open(dir, logs.StoreOptions{MaxSize: maxSize})
	if err != nil {
		return
	}
	if log, err := store.Log(logs.Self); err == nil {
		for _, l := range lines {
			log.Append(l.at, []byte(l.text+"\n"))
		}
	}
	_ = store.Close()
}
