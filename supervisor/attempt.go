package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
)

// attempt is one start of a service and what follows until nothing is left of it. Its
// timers, probes and waiters carry its pointer, and what they report is dropped once
// the unit has another attempt.
type attempt struct {
	unit *unit
	// svc and base are what it was started with, whatever a reload has made of the
	// unit's. A reload does change health and stop.
	svc    Service
	base   environment
	health Health
	stop   Stop
	// remains is what could not be ended of the attempt before; nil for nothing.
	remains instance
	// hold has it run by hand; nil for an attempt of lhrun's own.
	hold *hold
	// instance is nil until the loop has taken the outcome of start.
	instance instance
	// size is what its terminal was started with.
	size Size
	// sockets are handed to the process; the unit keeps them for the next one.
	sockets *sockets
	// copied closes when its output has been read to the end.
	copied chan struct{}
	// callOff ends the context of start.
	callOff context.CancelFunc
	// notBefore is a moment before its instance was started.
	notBefore time.Time
	// started closes when starting is over. Then newInstance is what was started, nil
	// for nothing, for those who cannot wait for the loop.
	started     chan struct{}
	newInstance instance
	// over closes when nothing of it is left.
	over chan struct{}
	// passed closes when a log or notify probe passes; nil for other kinds.
	passed <-chan struct{}
	notify *probe.Notify
	watch  watch

	// cleanup stops what goes on beside the instance: probes, the watch, timers.
	cleanup []func()
	listens listenState
	// lingers says that it was told of a port in TIME_WAIT that it waits for.
	lingers bool
	// stopProbe ends the readiness probe; nil where none goes on.
	stopProbe func()
	// probeFailures counts its failures, probeErr is the last; probeNext is when it tries
	// again.
	probeFailures int
	probeErr      error
	probeNext     time.Time
	wasReady      bool
	// stopReminders ends the remarks on a slow start.
	stopReminders func()
	ending        bool
	// healthFailures counts them in a row, healthErr is the last; stopHealth ends the checks.
	// healthNext is when it is checked again.
	healthFailures int
	healthErr      error
	healthNext     time.Time
	stopHealth     func()

	// suspended is the reason that tells of a stopped process; "" for none.
	suspended string

	exit *exitStatus
	// brief says that it ended by itself so soon that it may be no service at all.
	brief bool
	// blame is why the supervisor ended it; startErr why it never ran.
	blame    string
	timedOut bool
	startErr error
}

// current reports whether a is still its unit's attempt.
func (a *attempt) current() bool { return a.unit.attempt == a }

// after runs f in the loop after d, unless a is over or ending by then. Time in which
// the machine slept does not count.
func (s *Supervisor) after(a *attempt, d time.Duration, f func()) {
	a.cleanup = append(a.cleanup, afterAwake(d, func() { s.postTo(a, f) }))
}

// later is after for what may come early when this program was stopped meanwhile. It
// wakes up once, where after does so eight times.
func (s *Supervisor) later(a *attempt, d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, func() { s.postTo(a, f) })
	a.cleanup = append(a.cleanup, func() { t.Stop() })
	return func() { t.Stop() }
}

// postTo hands f to the loop, which drops it if a is over or ending.
func (s *Supervisor) postTo(a *attempt, f func()) {
	s.post(func() {
		if a.current() && !a.ending {
			f()
		}
	})
}

// launch begins a new attempt. Starting happens beside the loop.
func (s *Supervisor) launch(u *unit) {
	ctx, callOff := context.WithCancel(context.Background())
	if err := u.attachable(); err != nil {
		u.terminal.end(err)
	}
	a := &attempt{
		unit: u, svc: u.Service, base: s.base, health: u.Health, stop: u.Stop,
		copied: make(chan struct{}), started: make(chan struct{}), over: make(chan struct{}),
		sockets: u.takeSockets(), callOff: callOff, remains: u.remains, hold: u.hold,
	}
	u.attempt = a
	quiet := a.hold != nil || u.returns
	if u.returns = false; !quiet || u.starts == 0 {
		u.starts++
	}
	if a.hold != nil {
		a.svc = a.hold.byHand(a.svc)
		a.health = a.svc.Health
	}
	s.amend(u, func(st *Status) {
		st.Restarts = max(0, u.starts-1)
		st.StartedAt, st.ReadyAt, st.TimedOut = time.Time{}, time.Time{}, false
	})
	s.set(u, StateStarting, "")
	if u.starts > 1 && !quiet {
		s.restartDependents(u)
	}
	s.openStream(u)
	env, err := s.listenBefore(a)
	if err != nil {
		close(a.started)
		s.spawned(a, nil, err)
		return
	}
	s.spawn(func() {
		i, err := s.start(ctx, a, env)
		s.post(func() { s.spawned(a, i, err) })
	})
}

// restartDependents restarts the dependents whose dependency on u says so. A task that
// is completed runs again.
func (s *Supervisor) restartDependents(u *unit) {
	for _, dep := range u.dependents {
		for _, d := range dep.DependsOn {
			if d.Name != u.Name || !d.Restart || dep.desired != desiredUp || dep.hold != nil {
				continue
			}
			if dep.attempt != nil || dep.status.State == StateCompleted {
				dep.by = u.by
				s.restartUnit(dep)
			}
		}
	}
}

// start starts the instance once its ports are free. It runs beside the loop.
func (s *Supervisor) start(ctx context.Context, a *attempt, env []string) (instance, error) {
	defer close(a.started)
	if err := s.clear(a); err != nil {
		return nil, err
	}
	if s.opts.Prepare != nil {
		if err := s.opts.Prepare(a.svc); err != nil {
			return nil, err
		}
	}
	a.size = a.unit.terminal.fitting(s.ttySize())
	cmd := command{Argv: a.svc.Command, Dir: a.svc.Dir, TTY: a.svc.TTY, Size: a.size, OpenStdin: !a.svc.NullStdin}
	if err := s.mayStart(ctx, a, &cmd, &env); err != nil {
		return nil, err
	}
	defer s.spawning.Release(1)
	cmd.Env = a.environ(env...)
	a.notBefore = time.Now()
	i, err := s.startInstance(ctx, a, cmd)
	if err != nil {
		return nil, err
	}
	a.newInstance = i
	stream, see := a.unit.stream, a.unit.terminal.begun(a.svc.TTY)
	stream.Begin(time.Now())
	s.spawn(func() {
		defer close(a.copied)
		_ = stream.CopySeen(i.Output(), see)
	})
	return i, nil
}

func (s *Supervisor) startInstance(ctx context.Context, a *attempt, cmd command) (instance, error) {
	if a.svc.External {
		i, err := newOutside()
		if a.hold != nil {
			a.hold.settle(Taken{}, err)
		}
		return i, err
	}
	if a.hold != nil {
		return s.startByHand(a, cmd)
	}
	return s.platform.Start(ctx, cmd)
}

// spawned takes the outcome of start: an instance, or why there is none.
func (s *Supervisor) spawned(a *attempt, i instance, err error) {
	u := a.unit
	u.sockets = a.sockets
	a.callOff()
	if err != nil {
		s.notStarted(a, err)
		return
	}
	a.instance = i
	if a.svc.TTY {
		u.terminal.begin(i, s.ttySize(), a.size)
	}
	s.amend(u, func(st *Status) {
		st.PID, st.StartedAt, st.ExitCode = i.Handle().PID, a.notBefore, nil
		if a.hold != nil {
			st.PID = a.hold.PID
		}
	})
	s.tell(u, Event{Kind: EventState})
	s.spawn(func() {
		select {
		case <-i.Done():
		case <-a.over: // It could not be ended.
			return
		}
		waitBriefly(a.copied, 20*time.Millisecond)
		s.postTo(a, func() {
			if a.hold != nil {
				s.handEnded(a)
				return
			}
			s.leaderGone(a)
		})
	})
	if u.desired == desiredUp {
		s.awaitReady(a)
	}
}

// notStarted follows a start that failed or was called off.
func (s *Supervisor) notStarted(a *attempt, err error) {
	a.startErr = err
	close(a.copied)
	switch u := a.unit; {
	case a.hold != nil:
		s.notTaken(a)
	case !errors.Is(err, context.Canceled):
		s.tell(u, Event{Kind: EventExit, Text: err.Error()})
	case u.desired == desiredUp: // It is wanted again since.
		u.desired = desiredRestart
	}
	s.gone(a)
}
