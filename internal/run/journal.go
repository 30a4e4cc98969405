package run

import (
	"context"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/journal"
	"github.com/lhrun/lhrun/supervisor"
)

// Journal is the journal of the instance's runs.
func (i *Instance) Journal() *journal.Journal { return journal.In(i.dir) }

// chronicle keeps the events of a run in the journal, beside the run.
type chronicle struct {
	writer *journal.Writer
	stop   context.CancelFunc
	// followed closes when no more events come.
	followed chan struct{}
}

// keepJournal begins to write down what happens.
func (s *Session) keepJournal() {
	w := s.instance.Journal().Write(func(err error) { s.warn("%v", err) })
	by := control.Process(os.Getpid())
	by.Command = s.Mask(by.Command)
	w.Append(journal.Entry{
		Time: time.Now(), Kind: journal.Begin, Run: s.sup.RunID(), PID: os.Getpid(), By: &by,
		Text: "lhrun " + s.options.Version,
	})
	ctx, stop := context.WithCancel(context.Background())
	c := &chronicle{writer: w, stop: stop, followed: make(chan struct{})}
	s.chronicle = c
	go func() {
		defer close(c.followed)
		seq := uint64(0)
		_ = s.sup.Events(ctx, 0, func(e supervisor.Event) error {
			if gap := e.Seq - seq - 1; gap > 0 {
				w.Append(journal.Lost(gap, e.Time))
			}
			seq = e.Seq
			w.Append(journal.EntryOf(e))
			return nil
		})
	}()
}

// end notes the end of the run, all of whose events have come. It waits for the disk a
// moment at most.
func (c *chronicle) end(started bool) {
	if started {
		select {
		case <-c.followed:
		case <-time.After(chroniclePatience):
		}
	}
	c.stop()
	<-c.followed
	c.writer.Append(journal.Entry{Time: time.Now(), Kind: journal.End})
	c.writer.Close()
}

// chroniclePatience is for the last events of a supervisor that has ended.
const chroniclePatience = time.Second
