package supervisor

import (
	"context"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
)

// attempt is one life of a service's process. Everything that belongs to it
// (timers, probes, waiters) carries its pointer, and is dropped when the unit has
// gone on to another one.
type attempt struct {
	unit *unit
	// svc and base are what it was started with: a reload changes the unit's.
	// health and stop are what holds for it now.
	svc    Service
	base   environment
	health Health
	stop   Stop
	// instance is nil until the loop has taken the outcome of start.
	instance instance
	// sockets are handed to the process; the unit keeps them for the next one.
	sockets *sockets
	// copied closes when its output has been read to the end.
	copied chan struct{}
	// began is a moment before its process.
	began time.Time
	// born closes when newborn is set, or when nothing could be started.
	born    chan struct{}
	newborn instance
	// over closes when nothing of it is left.
	over chan struct{}
	// heard closes when a log or notify probe passes; nil for other kinds.
	heard  <-chan struct{}
	notify *probe.Notify
	watch  watch

	// release undoes what the attempt has asked for: probe, watcher, timers.
	release []func()
	// listening is: its own tree listens on its port.
	listening bool
	// elsewhere is where it listens instead, for people.
	elsewhere string
	// usurper is a stranger that has its port.
	usurper  string
	probeErr error
	wasReady bool
	// patient stops the reminders of a slow start.
	patient func()
	ending  bool
	// unwell counts health failures in a row; unwatch ends asking.
	unwell  int
	unwatch func()

	exit *exitStatus
	// blame is why lhrun itself ended it; startErr why it never ran.
	blame    string
	timedOut bool
	startErr error
}

// current reports whether a still is its unit's life.
func (a *attempt) current() bool { return a.unit.attempt == a }

// after runs f in the loop after d, if a is still alive then. Time in which the
// machine slept is not counted.
func (s *Supervisor) after(a *attempt, d time.Duration, f func()) {
	a.release = append(a.release, afterAwake(d, func() { s.postTo(a, f) }))
}

// later is after for what need not be exact when this program was stopped: it wakes
// up once, where after does eight times.
func (s *Supervisor) later(a *attempt, d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, func() { s.postTo(a, f) })
	a.release = append(a.release, func() { t.Stop() })
	return func() { t.Stop() }
}

// postTo hands f to the loop, which drops it when a is over or ending.
func (s *Supervisor) postTo(a *attempt, f func()) {
	s.post(func() {
		if a.current() && !a.ending {
			f()
		}
	})
}

// launch begins a new attempt. Spawning happens beside the loop.
func (s *Supervisor) launch(u *unit) {
	a := &attempt{
		unit: u, svc: u.Service, base: s.base, health: u.Health, stop: u.Stop,
		copied: make(chan struct{}), born: make(chan struct{}), over: make(chan struct{}),
		sockets: u.takeSockets(),
	}
	u.attempt = a
	u.starts++
	s.amend(u, func(st *Status) {
		st.Restarts = u.starts - 1
		st.StartedAt, st.ReadyAt, st.TimedOut = time.Time{}, time.Time{}, false
	})
	s.set(u, StateStarting, "")
	if u.starts > 1 {
		s.restartDependents(u)
	}
	s.openStream(u)
	env, err := s.listenBefore(a)
	if err != nil {
		close(a.born)
		s.spawned(a, nil, err)
		return
	}
	s.spawn(func() {
		i, err := s.start(a, env)
		s.post(func() { s.spawned(a, i, err) })
	})
}

// restartDependents carries a restart along the edges that ask for it. A task
// that is done is done again.
func (s *Supervisor) restartDependents(u *unit) {
	for _, dep := range u.dependents {
		for _, d := range dep.DependsOn {
			if d.Name != u.Name || !d.Restart || dep.wish != wishUp {
				continue
			}
			if dep.attempt != nil || dep.status.State == StateCompleted {
				s.again(dep)
			}
		}
	}
}

// start starts the instance once its ports are free. It runs beside the loop.
func (s *Supervisor) start(a *attempt, env []string) (instance, error) {
	defer close(a.born)
	if err := s.spawning.Acquire(context.Background(), 1); err != nil {
		return nil, err
	}
	defer s.spawning.Release(1)
	cmd := command{Argv: a.svc.Command, Dir: a.svc.Dir, TTY: a.svc.TTY, Size: s.ttySize()}
	if err := s.occupy(a, &cmd, &env); err != nil {
		return nil, err
	}
	cmd.Env = a.environ(env...)
	a.began = time.Now()
	i, err := s.platform.Start(cmd)
	if err != nil {
		return nil, err
	}
	a.newborn = i
	stream := a.unit.stream
	stream.Begin(time.Now())
	s.spawn(func() {
		defer close(a.copied)
		_ = stream.Copy(i.Output())
	})
	return i, nil
}

// occupy sees to it that nobody has the service's ports, or takes them itself and
// hands them to the process.
func (s *Supervisor) occupy(a *attempt, cmd *command, env *[]string) error {
	if a.svc.Listen && a.sockets != nil {
		*env = append(*env, a.sockets.hand(cmd)...)
		return nil
	}
	for _, port := range a.svc.ports() {
		if err := s.platform.free(port); err != nil {
			return err
		}
	}
	if !a.svc.Listen {
		return nil
	}
	k, err := listenFor(a.svc)
	if err != nil {
		return err
	}
	a.sockets = k
	return s.occupy(a, cmd, env)
}

func (a *attempt) environ(more ...string) []string {
	own := a.svc.Env
	return a.base.with(append(own[:len(own):len(own)], more...)...)
}

// spawned takes the outcome of start.
func (s *Supervisor) spawned(a *attempt, i instance, err error) {
	u := a.unit
	u.sockets = a.sockets
	if err != nil {
		a.startErr = err
		close(a.copied)
		s.tell(u, Event{Kind: EventExit, Text: err.Error()})
		s.gone(a)
		return
	}
	a.instance = i
	s.amend(u, func(st *Status) { st.PID, st.StartedAt, st.ExitCode = i.Handle().PID, time.Now(), nil })
	s.tell(u, Event{Kind: EventState})
	s.spawn(func() {
		<-i.Done()
		waitBriefly(a.copied, 20*time.Millisecond)
		s.postTo(a, func() { s.leaderGone(a) })
	})
	if u.wish == wishUp {
		s.awaitReady(a)
	}
}
