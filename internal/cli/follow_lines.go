package cli

import (
	"context"
	"errors"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/view"
)

// lineFeed shows on a screen what services of a run write.
type lineFeed struct {
	client *control.Client
	query  control.LogQuery
	screen view.Screen
	view   *view.Reporter
	stop   context.CancelFunc
	// over closes when nothing more is followed.
	over <-chan struct{}
	// next is behind the last line shown of each service, and last the time of the youngest.
	next map[string]int64
	last time.Time
}

// followLines shows what q asks for, and what is written from then on, until ctx or the run
// ends.
func followLines(ctx context.Context, client *control.Client, q control.LogQuery, screen view.Screen, v *view.Reporter) *lineFeed {
	over := make(chan struct{})
	f := &lineFeed{client: client, query: q, screen: screen, view: v, over: over, next: map[string]int64{}, last: q.Since}
	ctx, f.stop = context.WithCancel(ctx)
	q.Follow = true
	go func() {
		defer close(over)
		f.show(ctx, q)
	}()
	return f
}

func (f *lineFeed) show(ctx context.Context, q control.LogQuery) {
	err := f.client.Logs(ctx, q, f.line)
	if err != nil && !errors.Is(err, control.ErrLost) && ctx.Err() == nil {
		f.view.Alarm("cannot show what the services write: %v", err)
	}
}

func (f *lineFeed) line(l control.LogLine) error {
	switch {
	case l.Service == logs.Self: // This lhrun says itself what happens.
		return nil
	case l.Missed > 0:
		f.view.Warn("%s: %d bytes are not shown here: they came too fast", l.Service, l.Missed)
		return nil
	case l.Partial:
		return f.screen.Preview(l.Service, l.At, []byte(l.Text))
	case l.Next <= f.next[l.Service]:
		return nil
	}
	f.next[l.Service] = l.Next
	if l.At.After(f.last) {
		f.last = l.At
	}
	return f.screen.Lines(l.Service, l.At, []byte(l.Text+"\n"))
}

const (
	// lastLinesPatience is for a run that ends, or for one that is asked for its last lines.
	lastLinesPatience = time.Second
	// disorder is how much older than the youngest line one may be that is not shown yet.
	disorder = time.Second
)

// finish shows what is not shown yet. ended says that the run has ended, which following
// ends with; from one that goes on it takes what is there now.
func (f *lineFeed) finish(ended bool) {
	defer f.stop()
	if ended {
		select {
		case <-f.over:
		case <-time.After(lastLinesPatience):
		}
		return
	}
	f.stop()
	<-f.over
	ctx, cancel := context.WithTimeout(context.Background(), lastLinesPatience)
	defer cancel()
	q := f.query
	q.Since = f.last.Add(-disorder)
	if q.Since.Before(f.query.Since) {
		q.Since = f.query.Since
	}
	f.show(ctx, q)
}
