package supervisor

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// killedCode is the exit code of what SIGKILL has ended.
const killedCode = 128 + int(syscall.SIGKILL)

// end ends the attempt's instance, beside the loop.
func (s *Supervisor) end(a *attempt) {
	if a.instance == nil {
		a.callOff() // If it starts nevertheless, advance calls end again.
		return
	}
	a.ending = true
	s.unhook(a)
	s.set(a.unit, StateStopping, a.reason())
	stop := a.stop
	asked := a.exit == nil
	s.spawn(func() {
		began := time.Now()
		if asked && stop.Command != nil && s.runStopCommand(a, stop) {
			stop.Signal = 0
		}
		apart, err := a.instance.End(stop, s.kill)
		var left []Handle
		if err != nil {
			left = a.instance.Parts(stop.Keep)
		}
		s.readRest(a, len(stop.Keep) > 0)
		s.post(func() {
			if asked && len(apart) > 0 && !s.closing {
				s.remark(a.unit, NoticeLeftovers, "also ended %s, which had left its session; keep = [%q] lets that go on", strings.Join(apart, ", "), apart[0])
			}
			if asked && !s.killed && stop.Timeout > 0 && time.Since(began) >= stop.Timeout && a.instance.Exit().Code == killedCode {
				s.notice(a.unit, NoticeTrouble, "did not end within %s, and was killed", stop.Timeout)
			}
			if err != nil {
				s.unended(a, err, left)
			} else {
				s.gone(a)
			}
		})
	})
}

// unended follows an attempt of which left could not be ended, for the reason err. It has
// not stopped: the service has failed, and keeps the pid of what goes on.
func (s *Supervisor) unended(a *attempt, err error, left []Handle) {
	u := a.unit
	s.unhook(a)
	u.attempt, u.remains = nil, a.instance
	u.terminal.over()
	close(a.over)
	u.dropSockets()
	s.amend(u, func(st *Status) {
		if len(left) > 0 {
			st.PID = left[0].PID
		}
	})
	if u.desired == desiredRestart {
		u.desired = desiredUp
	}
	s.fail(u, err.Error(), "")
}

// remainsError is why an attempt did not start: what is left of the one before goes on.
type remainsError struct{ error }

// clear ends what the attempt before has left, so that a never overlaps with it. It runs
// beside the loop.
func (s *Supervisor) clear(a *attempt) error {
	if a.remains == nil {
		return nil
	}
	if _, err := a.remains.End(Stop{Signal: syscall.SIGKILL}, s.kill); err != nil {
		return remainsError{err}
	}
	s.post(func() {
		if a.unit.remains == a.remains {
			a.unit.remains = nil
		}
	})
	return nil
}

// readRest takes what is still in the pipe of an instance that is gone. Only a stranger
// that was handed the writing end can keep the pipe open. A blocked Output delays Run's
// return, and nothing else.
func (s *Supervisor) readRest(a *attempt, keeps bool) {
	out := a.instance.Output()
	if keeps {
		s.readRestOfKept(a, out)
		return
	}
	waitBriefly(a.copied, time.Second)
	_ = out.SetReadDeadline(time.Now())
	s.spawn(func() {
		<-a.copied
		_ = out.Close()
	})
	waitBriefly(a.copied, time.Second)
}

// unhook stops everything that goes on beside the attempt's instance.
func (s *Supervisor) unhook(a *attempt) {
	for _, f := range a.cleanup {
		f()
	}
	a.cleanup = nil
}

// runStopCommand runs the service's stop command and reports whether it succeeded, so
// that no signal is needed. The command gets the stop timeout; the instance gets the
// whole of it again afterwards.
func (s *Supervisor) runStopCommand(a *attempt, stop Stop) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer afterAwake(stop.Timeout, cancel)()
	go func() {
		select {
		case <-s.kill:
			cancel()
		case <-ctx.Done():
		}
	}()
	u := a.unit
	exit, out, err := s.platform.Run(ctx, command{Argv: stop.Command, Dir: a.svc.Dir, Env: a.environ()})
	if err == nil && exit.Code == 0 {
		return true
	}
	s.post(func() {
		s.notice(u, NoticeTrouble, "its stop command failed (%s), sending %s: %s", failure(exit, err), stop.Signal, lastLine(s.mask.Text(string(out))))
	})
	return false
}

func failure(exit exitStatus, err error) string {
	if err != nil {
		return err.Error()
	}
	return exit.String()
}

// lastLine is the end of out, which holds no secret any more.
func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return fmt.Sprintf("%.200s", lines[len(lines)-1])
}
