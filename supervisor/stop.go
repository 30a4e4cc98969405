package supervisor

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// end takes the attempt's whole process tree down, beside the loop.
func (s *Supervisor) end(a *attempt) {
	if a.instance == nil {
		return // Still spawning: spawned comes back to it.
	}
	a.ending = true
	s.unhook(a)
	s.set(a.unit, StateStopping, a.reason())
	stop := a.stop
	asked := a.exit == nil
	s.spawn(func() {
		sig := stop.Signal
		if asked && stop.Command != nil && s.runStopCommand(a, stop) {
			sig = 0
		}
		err := a.instance.End(sig, stop.Timeout, s.kill)
		s.readRest(a)
		s.post(func() {
			if err != nil {
				s.notice(a.unit, "%v", err)
			}
			s.gone(a)
		})
	})
}

// readRest takes what is still in the pipe of a process that is gone. Only a
// stranger that was handed the writing end can keep it open. An Output that has
// stalled keeps nobody from what comes next, only Run from returning.
func (s *Supervisor) readRest(a *attempt) {
	waitBriefly(a.copied, time.Second)
	out := a.instance.Output()
	_ = out.SetReadDeadline(time.Now())
	s.spawn(func() {
		<-a.copied
		_ = out.Close()
	})
	waitBriefly(a.copied, time.Second)
}

// unhook ends everything that the attempt has going on beside its process.
func (s *Supervisor) unhook(a *attempt) {
	for _, f := range a.release {
		f()
	}
	a.release = nil
}

// runStopCommand runs a service's own way of stopping and reports whether that
// succeeded, so that no signal is needed. It has the stop timeout, and what is left
// then has it anew.
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
		s.notice(u, "its stop command failed (%s), sending %s: %s", failure(exit, err), stop.Signal, lastLine(out))
	})
	return false
}

func failure(exit exitStatus, err error) string {
	if err != nil {
		return err.Error()
	}
	return exit.String()
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Sprintf("%.200s", lines[len(lines)-1])
}
