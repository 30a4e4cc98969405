package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// LocalOptions say what a Local is made of.
type LocalOptions struct {
	Supervisor *supervisor.Supervisor
	// About is what every Snapshot says of the project: all but Seq and Services.
	About Snapshot
	// LogDir is where the services' output is kept.
	LogDir string
	// Down begins the end of the run and returns at once; kill waits for nobody.
	Down func(kill bool)
	// Plan says what Reload would do. Both read the project's file; what is wrong
	// with it is a *Mistake.
	Plan, Reload func(ctx context.Context, r Request) (Answer, error)
	// Relay is the pid of the process that serves the front; 0, or no Relay, is none.
	Relay func() int
	// Edges are the addresses at which that process takes calls; no Edges is none.
	Edges func() []InspectedEdge
}

// Local is the project that this process supervises.
type Local struct {
	o     LocalOptions
	usage meter
}

var _ Project = (*Local)(nil)

// NewLocal adapts a supervisor. It starts nothing and needs no closing.
func NewLocal(o LocalOptions) *Local { return &Local{o: o} }

// Snapshot is Project's.
func (l *Local) Snapshot(_ context.Context, usage bool) (Snapshot, error) {
	snap := l.o.About
	if usage {
		l.o.Supervisor.NoteSuspended()
	}
	statuses, seq := l.o.Supervisor.SnapshotAt()
	snap.Seq, snap.Services = seq, make([]Service, len(statuses))
	for i, st := range statuses {
		snap.Services[i] = serviceOf(st)
	}
	if usage {
		l.usage.measure(l.o.Supervisor, snap.Services)
		addProbes(l.o.Supervisor.Probes(), snap.Services)
	}
	return snap, nil
}

// Events is Project's.
func (l *Local) Events(ctx context.Context, since uint64, each func(Event) error) error {
	if _, seq := l.o.Supervisor.SnapshotAt(); since > seq {
		return mistake("there was no event %d yet, the last is %d: that number is of another run", since, seq)
	}
	err := l.o.Supervisor.Events(ctx, since, func(e supervisor.Event) error {
		if missed := e.Seq - since - 1; missed > 0 {
			if err := each(missedEvents(missed, e.Seq-1)); err != nil {
				return err
			}
		}
		since = e.Seq
		return each(eventOf(e))
	})
	if errors.Is(err, supervisor.ErrEnded) {
		return ErrEnded
	}
	return err
}

func missedEvents(n, upTo uint64) Event {
	return Event{
		Seq: upTo, Time: Time{time.Now()}, Kind: EventMissed, Missed: n,
		Text: fmt.Sprintf("%d events are gone, they came faster than they were read", n),
	}
}

// Ask is Project's.
func (l *Local) Ask(ctx context.Context, r Request) (Answer, error) {
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	switch r.Verb {
	case VerbDown:
		_, seq := l.o.Supervisor.SnapshotAt()
		l.o.Supervisor.EndsBy(Asker(ctx))
		l.o.Down(r.Kill)
		return Answer{Seq: seq, Effective: seq}, nil
	case VerbPlan:
		return ask(ctx, r, l.o.Plan)
	case VerbRelease:
		return Answer{}, mistake("nothing is held here")
	case VerbReload, VerbInspect:
		return ask(ctx, r, l.o.Reload)
	case VerbTake:
		return l.take(ctx, r)
	case VerbGraph:
		g, err := l.graph(ctx)
		return Answer{Graph: &g}, err
	}
	accepted, err := l.o.Supervisor.Do(supervisor.Command{
		Verb: r.Verb, Services: r.Services, NoDeps: r.NoDeps, Missing: r.Missing, By: Asker(ctx),
	})
	switch {
	case errors.Is(err, supervisor.ErrEnding), errors.Is(err, supervisor.ErrEnded):
		return Answer{}, fmt.Errorf("cannot %s: %w", r.Verb, ErrEnded)
	case err != nil:
		return Answer{}, mistake("cannot %s: %v", r.Verb, err)
	}
	return Answer{Seq: accepted.Seq, Effective: accepted.Effective, Services: accepted.Services, Changed: accepted.Changed}, nil
}

func (l *Local) take(ctx context.Context, r Request) (Answer, error) {
	_, seq := l.o.Supervisor.SnapshotAt()
	t, err := l.o.Supervisor.Take(ctx, supervisor.Taking{Service: r.Services[0], PID: r.PID, Outside: r.Outside, Leave: r.Leave, By: Asker(ctx)})
	switch {
	case errors.Is(err, supervisor.ErrEnding), errors.Is(err, supervisor.ErrEnded):
		return Answer{}, fmt.Errorf("cannot %s: %w", r.Verb, ErrEnded)
	case err != nil:
		return Answer{}, mistake("cannot %s it: %v", r.Verb, err)
	}
	_, after := l.o.Supervisor.SnapshotAt()
	return Answer{
		Seq: seq, Effective: after, Services: r.Services, Changed: r.Services,
		Taken: &Taken{Command: t.Command, Env: t.Env, Dir: t.Dir},
	}, nil
}

func ask(ctx context.Context, r Request, f func(context.Context, Request) (Answer, error)) (Answer, error) {
	if f == nil {
		return Answer{}, mistake("cannot %s: this run has no file to read", r.Verb)
	}
	return f(ctx, r)
}
