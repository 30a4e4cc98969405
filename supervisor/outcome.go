package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"time"
)

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
	keep := a.stop.Keep
	s.spawn(func() {
		left := a.instance.Parts(keep)
		s.post(func() { s.exited(a, left) })
	})
}

// exited follows the instance's exit; left is what it has started and lives on.
func (s *Supervisor) exited(a *attempt, left []Handle) {
	if !a.current() || a.ending {
		return
	}
	u, exit := a.unit, a.instance.Exit()
	a.exit = &exit
	a.brief = time.Since(u.status.StartedAt) < briefLife
	e := Event{Kind: EventExit, Text: a.describeExit()}
	if exit.Code != 0 || !a.wasReady && !a.svc.Task {
		e.Lines, e.Behind = u.stream.Tail(5)
	}
	if exit.Code != 0 || !a.svc.Task {
		u.by = itself
		s.tell(u, e)
	}
	if len(left) > 0 {
		s.notice(u, NoticeLeftovers, "left %s behind, ending %s", count(len(left), "process", "processes"), list(left))
	}
	s.end(a)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// gone: nothing of the attempt is left, so the next step can be decided.
func (s *Supervisor) gone(a *attempt) {
	u := a.unit
	s.unhook(a)
	s.tellListens(u.Name, nil)
	u.attempt = nil
	u.terminal.over()
	close(a.over)
	switch {
	case a.hold != nil:
		s.amend(u, func(st *Status) { st.PID = 0 })
	case a.instance != nil && !a.svc.External:
		exit := a.instance.Exit()
		a.exit = &exit
		s.amend(u, func(st *Status) { st.PID, st.ExitCode, st.TimedOut = 0, &exit.Code, a.timedOut })
	}
	e := ending{
		desired: u.desired, task: a.svc.Task, policy: u.Restart.Policy, wasReady: a.wasReady,
		forced: a.blame != "" || a.startErr != nil, hopeless: a.hopeless(),
		failures: u.failures, maxRestarts: u.Restart.MaxRestarts,
	}
	if a.exit != nil {
		e.code = a.exit.Code
	}
	reason := a.reason()
	next := decide(e)
	if _, remains := errors.AsType[remainsError](a.startErr); remains {
		next = StateFailed
	}
	if next.Settled() {
		u.dropSockets()
	}
	switch next {
	case StateStopped:
		if u.desired == desiredDown {
			reason = ""
		}
		u.failures = 0
		s.set(u, StateStopped, reason)
	case StateWaiting:
		u.desired, u.failures = desiredUp, 0
		s.set(u, StateWaiting, "restarting")
	case StateBackoff:
		s.backOff(u, reason)
	case StateFailed:
		if u.failures > 0 {
			reason = fmt.Sprintf("%s; gave up after %s", reason, count(u.failures, "restart", "restarts"))
		}
		s.fail(u, reason, "")
	default:
		s.set(u, next, "")
	}
}

func (s *Supervisor) backOff(u *unit, reason string) {
	d := u.Restart.pause(u.failures)
	u.failures++
	u.by = itself
	s.set(u, StateBackoff, reason, func(st *Status) { st.NextTry = time.Now().Add(d) })
	u.retry = time.AfterFunc(d, func() {
		s.post(func() {
			if u.status.State == StateBackoff && u.desired == desiredUp {
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
	case a.missing():
		return a.exit.String() + " (command not found or not executable)"
	}
	return a.describeExit()
}

// briefLife is the time within which an end with code 0 surprises who wrote a service.
const briefLife = 10 * time.Second

// describeExit completes a sentence of the service that has exited.
func (a *attempt) describeExit() string {
	text := a.exit.String()
	switch {
	case a.exit.Code != 0 || a.svc.Task:
	case !a.wasReady:
		text += " before it was ready"
	case a.brief:
		text += ", though it is a service and not a task"
	}
	return text
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
