package supervisor

import (
	"math/rand/v2"
	"time"
)

// desired is the state that people want a service to be in; its State is the one that it is in.
type desired uint8

const (
	desiredDown desired = iota
	desiredUp
	// desiredRestart means down first, then up.
	desiredRestart
)

// ending is everything that decides what follows the end of an attempt.
type ending struct {
	desired  desired
	task     bool
	policy   RestartPolicy
	code     int
	wasReady bool
	// forced says that lhrun ended it: not ready in time, or unhealthy.
	forced bool
	// hopeless says that another try can't go better: no such command.
	hopeless bool
	// failures is how many restarts in a row came before.
	failures    int
	maxRestarts int
}

// decide is the one place that says what follows an attempt's end: a state, and for
// StateWaiting a new attempt at once.
func decide(e ending) State {
	failure := e.code != 0 || e.forced || !e.task && !e.wasReady
	switch {
	case e.desired == desiredDown:
		return StateStopped
	case e.desired == desiredRestart:
		return StateWaiting
	case e.task && !failure:
		return StateCompleted
	case failure && e.hopeless:
		return StateFailed
	case !failure && e.policy != RestartAlways:
		return StateStopped
	case e.policy == RestartNo:
		return StateFailed
	case e.maxRestarts >= 0 && e.failures >= e.maxRestarts:
		return StateFailed
	}
	return StateBackoff
}

// pause is the time before try number failures+1: r doubled each time, bounded,
// and moved by up to a fifth so that a crowd does not restart in step.
func (r Restart) pause(failures int) time.Duration {
	d := r.Backoff
	for range failures {
		if d *= 2; d >= r.MaxBackoff {
			break
		}
	}
	d = min(d, r.MaxBackoff)
	return d - d/5 + time.Duration(rand.Int64N(int64(d)*2/5+1))
}

// withDefaults fills what a zero value leaves open.
func (s Service) withDefaults() Service {
	if s.Restart.Policy == RestartDefault {
		s.Restart.Policy = RestartOnFailure
		if s.Task {
			s.Restart.Policy = RestartNo
		}
	}
	orDuration(&s.Restart.Backoff, 500*time.Millisecond)
	orDuration(&s.Restart.MaxBackoff, 30*time.Second)
	if s.Restart.MaxRestarts == 0 {
		s.Restart.MaxRestarts = 5
	}
	if s.Stop.Signal == 0 {
		s.Stop.Signal = defaultStopSignal
	}
	orDuration(&s.Stop.Timeout, 10*time.Second)
	if s.External {
		s = s.asExternal()
	}
	orDuration(&s.Health.Interval, 10*time.Second)
	orDuration(&s.Health.Timeout, time.Second)
	if s.Health.Retries == 0 {
		s.Health.Retries = 3
	}
	if s.Port != 0 && s.Host == "" {
		s.Host = "127.0.0.1"
	}
	return s
}

func orDuration(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}
