package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/probe"
	"github.com/lhrun/lhrun/internal/proc"
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
	proc   process
	// sockets are handed to the process; the unit keeps them for the next one.
	sockets *sockets
	// copied closes when its output has been read to the end.
	copied chan struct{}
	// began is a moment before its process.
	began time.Time
	// born closes when tree is set, or when there is nothing to set it from.
	born chan struct{}
	tree func() []int
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

	exit *proc.Exit
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
	a.release = append(a.release, proc.AfterAwake(d, func() { s.postTo(a, f) }))
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
		p, err := s.start(a, env)
		s.post(func() { s.spawned(a, p, err) })
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

// start spawns the process once its ports are free. It runs beside the loop.
func (s *Supervisor) start(a *attempt, env []string) (process, error) {
	defer close(a.born)
	if err := s.spawning.Acquire(context.Background(), 1); err != nil {
		return nil, err
	}
	defer s.spawning.Release(1)
	spec := proc.Spec{Argv: a.svc.Command, Dir: a.svc.Dir, TTY: a.svc.TTY, Size: s.ttySize()}
	if err := s.occupy(a, &spec, &env); err != nil {
		return nil, err
	}
	spec.Env = a.environ(env...)
	a.began = time.Now()
	p, err := s.startCommand(spec)
	if err != nil {
		return nil, err
	}
	a.tree = p.Tree
	stream := a.unit.stream
	stream.Begin(time.Now())
	s.spawn(func() {
		defer close(a.copied)
		_ = stream.Copy(p.Output())
	})
	return p, nil
}

// occupy sees to it that nobody has the service's ports, or takes them itself and
// hands them to the process.
func (s *Supervisor) occupy(a *attempt, spec *proc.Spec, env *[]string) error {
	if a.svc.Listen && a.sockets != nil {
		*env = append(*env, a.sockets.hand(spec)...)
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
	return s.occupy(a, spec, env)
}

func (a *attempt) environ(more ...string) []string {
	own := a.svc.Env
	return a.base.with(append(own[:len(own):len(own)], more...)...)
}

// spawned takes the outcome of start.
func (s *Supervisor) spawned(a *attempt, p process, err error) {
	u := a.unit
	u.sockets = a.sockets
	if err != nil {
		a.startErr = err
		close(a.copied)
		s.tell(u, Event{Kind: EventExit, Text: err.Error()})
		s.gone(a)
		return
	}
	a.proc = p
	s.amend(u, func(st *Status) { st.PID, st.StartedAt, st.ExitCode = p.PID(), time.Now(), nil })
	s.tell(u, Event{Kind: EventState})
	s.spawn(func() {
		<-p.Done()
		waitBriefly(a.copied, 20*time.Millisecond)
		s.postTo(a, func() { s.leaderGone(a) })
	})
	if u.wish == wishUp {
		s.awaitReady(a)
	}
}

// waitBriefly lets what a process wrote last come before the news of its end.
func waitBriefly(c <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c:
	case <-t.C:
	}
}

// leaderGone: nobody is ending the attempt, so what its leader has left is looked for.
func (s *Supervisor) leaderGone(a *attempt) {
	s.spawn(func() {
		left := a.proc.Tree()
		s.post(func() { s.exited(a, left) })
	})
}

// exited: the leader is dead; left are the processes of its tree that are not.
func (s *Supervisor) exited(a *attempt, left []int) {
	if !a.current() || a.ending {
		return
	}
	u, exit := a.unit, a.proc.Exit()
	a.exit = &exit
	e := Event{Kind: EventExit, Text: exit.String()}
	tooSoon := !a.wasReady && !a.svc.Task && exit.Code == 0
	if tooSoon {
		e.Text += " before it was ready"
	}
	if exit.Code != 0 || tooSoon {
		e.Lines = u.stream.Tail(5)
	}
	if exit.Code != 0 || !a.svc.Task {
		s.tell(u, e)
	}
	if len(left) > 0 {
		s.notice(u, "left %s behind, ending %s", count(len(left), "process", "processes"), pidList(left))
	}
	s.end(a)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func pidList(pids []int) string {
	if len(pids) == 1 {
		return fmt.Sprintf("pid %d", pids[0])
	}
	return "pids " + strings.Trim(fmt.Sprint(pids), "[]")
}

// gone: nothing of the attempt is left, so the next step can be decided.
func (s *Supervisor) gone(a *attempt) {
	u := a.unit
	s.unhook(a)
	u.attempt = nil
	close(a.over)
	if a.proc != nil {
		exit := a.proc.Exit()
		a.exit = &exit
		s.amend(u, func(st *Status) { st.PID, st.ExitCode, st.TimedOut = 0, &exit.Code, a.timedOut })
	}
	e := ending{
		wish: u.wish, task: a.svc.Task, policy: u.Restart.Policy, wasReady: a.wasReady,
		forced: a.blame != "" || a.startErr != nil, hopeless: a.hopeless(),
		failures: u.failures, maxRestarts: u.Restart.MaxRestarts,
	}
	if a.exit != nil {
		e.code = a.exit.Code
	}
	reason := a.reason()
	next := decide(e)
	if next.Settled() {
		u.dropSockets()
	}
	switch next {
	case StateStopped:
		if u.wish == wishDown {
			reason = ""
		}
		u.failures = 0
		s.set(u, StateStopped, reason)
	case StateWaiting:
		u.wish, u.failures = wishUp, 0
		s.set(u, StateWaiting, "restarting")
	case StateBackoff:
		s.backOff(u, reason)
	case StateFailed:
		if u.failures > 0 {
			reason = fmt.Sprintf("%s; gave up after %s", reason, count(u.failures, "restart", "restarts"))
		}
		s.fail(u, reason)
	default:
		s.set(u, next, "")
	}
}

func (s *Supervisor) backOff(u *unit, reason string) {
	d := u.Restart.pause(u.failures)
	u.failures++
	s.set(u, StateBackoff, reason, func(st *Status) { st.NextTry = time.Now().Add(d) })
	u.retry = time.AfterFunc(d, func() {
		s.post(func() {
			if u.status.State == StateBackoff && u.wish == wishUp {
				s.set(u, StateWaiting, "")
			}
		})
	})
}

// reason says how the attempt ended, in one line.
func (a *attempt) reason() string {
	switch {
	case a.startErr != nil:
		return a.startErr.Error()
	case a.blame != "":
		return a.blame
	case a.exit == nil:
		return ""
	case a.exit.Code == 0 && !a.wasReady && !a.svc.Task:
		return "exited with code 0 before it was ready"
	case a.missing():
		return a.exit.String() + " (command not found or not executable)"
	}
	return a.exit.String()
}

// missing is how a shell says that there is no such command.
func (a *attempt) missing() bool {
	return a.exit != nil && (a.exit.Code == 126 || a.exit.Code == 127)
}

// hopeless says that another try can't go better: there is no such command.
func (a *attempt) hopeless() bool {
	return a.missing() && time.Since(a.unit.status.StartedAt) < time.Second ||
		errors.Is(a.startErr, exec.ErrNotFound) ||
		errors.Is(a.startErr, fs.ErrNotExist) ||
		errors.Is(a.startErr, fs.ErrPermission)
}
