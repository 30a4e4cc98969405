package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// follower follows one run for a verb, this process's own or another's. It is the one
// loop of all verbs that wait: it keeps a mirror of the run, has its news told, and hands
// whatever happens to the verb's policy, which says when the loop is over.
type follower struct {
	scope
	project control.Project
	// view tells people; nil tells nothing.
	view *view.Reporter
	// tells, unless nil, leaves out the news of services that it is false for.
	tells func(service string) bool
	// ending says that everything is about to end, so that only failures are told.
	ending bool
	// started is when the verb began, changed whether it had something started.
	started time.Time
	changed bool
	// settled says that the summary was shown: no target was on its way any more.
	settled bool

	// signals and stops are what people, and other processes, ask for. The loop itself
	// takes them, so that whoever sends them sees that it is stuck.
	signals <-chan os.Signal
	stops   <-chan bool
	// bound closes when the verb has waited for as long as it may; nil never does.
	bound <-chan struct{}
	// calm, unless nil, is called when nothing moves any more: the clock stops then.
	calm func()

	posted  chan func()
	done    chan struct{}
	over    bool
	outcome error
}

// policy is what a verb makes of what happens to the run.
type policy interface {
	// event is called before the first event, with a zero one, and after each, when the
	// mirror and the reader know it.
	event(control.Change)
	// signal takes a signal, or the interruption of the follower's context.
	signal(os.Signal)
	// stop takes another process's request to stop everything; kill waits for nothing.
	stop(kill bool)
	// tick is called tickEvery while anything moves.
	tick(now time.Time)
	// late is called once, when the bound has passed.
	late()
	// ended takes the end of the run, or the loss of the connection to it.
	ended(err error)
}

// passive is a policy that does nothing, for others to build on.
type passive struct{}

func (passive) event(control.Change) {}
func (passive) signal(os.Signal)     {}
func (passive) stop(bool)            {}
func (passive) tick(time.Time)       {}
func (passive) late()                {}

// tickEvery is how often a verb that waits, or a run that moves, looks at the time.
const tickEvery = 100 * time.Millisecond

func newFollower(p control.Project, m *control.Mirror, targets []string, v *view.Reporter) *follower {
	return &follower{
		scope: newScope(m, targets), project: p, view: v, started: time.Now(),
		posted: make(chan func()), done: make(chan struct{}),
	}
}

// follow runs the loop until p says that it is over, and returns the outcome. ctx ends as
// a signal does or, with its deadline, as the bound does.
func (f *follower) follow(ctx context.Context, p policy) error {
	defer close(f.done)
	streaming, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	from := f.stream(streaming)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	p.event(control.Change{})
	for still := false; !f.over; {
		if f.calm != nil && still == f.moving() {
			if still = !still; still {
				tick.Stop()
				p.tick(time.Now())
				f.calm()
			} else {
				tick.Reset(tickEvery)
			}
		}
		select {
		case e, ok := <-from.events:
			if !ok {
				from.events = nil
				p.ended(from.err)
			} else if change, news := f.take(e); news {
				p.event(change)
			}
		case sig := <-f.signals:
			p.signal(sig)
		case kill := <-f.stops:
			p.stop(kill)
		case do := <-f.posted:
			do()
		case <-f.bound:
			f.bound = nil
			p.late()
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				p.late()
			} else {
				p.signal(endOf(ctx))
			}
			ctx = context.WithoutCancel(ctx)
		case now := <-tick.C:
			p.tick(now)
		}
	}
	if f.view != nil {
		f.view.Live(nil)
	}
	return f.outcome
}

// finish ends the loop. The first outcome stays.
func (f *follower) finish(outcome error) {
	if !f.over {
		f.over, f.outcome = true, outcome
	}
}

// moving reports whether there is progress to show or a deadline to keep.
func (f *follower) moving() bool { return !f.settled || f.ending || f.moves() }

// when has do called in the loop of f with what comes from c. The end of c is one more
// call, with a zero value.
func when[T any](f *follower, c <-chan T, do func(T)) {
	go func() {
		for open := true; open; {
			var v T
			select {
			case v, open = <-c:
			case <-f.done:
				return
			}
			select {
			case f.posted <- func() { do(v) }:
			case <-f.done:
				return
			}
		}
	}()
}

// stream is the events of a project. err may be read once events is closed.
type stream struct {
	events <-chan control.Event
	err    error
}

// stream asks for the events that the mirror does not know.
func (f *follower) stream(ctx context.Context) *stream {
	events := make(chan control.Event)
	s := &stream{events: events}
	since := f.mirror.Seq()
	go func() {
		defer close(events)
		s.err = f.project.Events(ctx, since, func(e control.Event) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return s
}

// take takes an event in and has it told. It reports whether it was news.
func (f *follower) take(e control.Event) (control.Change, bool) {
	if e.Kind == control.EventMissed {
		if s, err := f.project.Snapshot(context.Background(), false); err == nil {
			f.mirror.Reset(s)
			f.relist()
		}
		return control.Change{Event: e}, true
	}
	before, news := f.mirror.Fold(e)
	if !news || e.Service == nil {
		return control.Change{Event: e}, news
	}
	f.note(*e.Service)
	name := e.Service.Name
	tells := f.view != nil && (f.tells == nil || f.tells(name))
	if e.Kind == supervisor.EventRemoved {
		f.drop(name)
		if tells {
			f.view.Say("%s is removed", name)
		}
	} else if tells {
		f.view.Event(e, before, f.ending)
	}
	return control.Change{Event: e, Before: before}, true
}

// summarize prints the table once no target is on its way any more.
func (f *follower) summarize() {
	if f.settled || !f.current() || !f.reached() {
		return
	}
	f.settled = true
	var took time.Duration
	if f.changed {
		took = time.Since(f.started)
	}
	f.view.Summary(f.goal(), took)
}
