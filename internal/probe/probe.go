// Package probe asks one service whether it is there: over HTTP, TCP or gRPC, by
// a command, by a line of its output or by sd_notify.
package probe

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Check is one try; nil passes. It must return soon after ctx ends. The error's
// text is one short line for people: "http 503 from /healthz".
type Check func(ctx context.Context) error

// Pace is how often Until tries. The zero value is the default of readiness.
type Pace struct {
	// First is the pause after the first try (0: 2ms); each next one is half as
	// long again, up to Max. 0 is 250ms, and a twentieth of the whole wait, up to 2s,
	// where that is longer: what fails for minutes is asked less often.
	First, Max time.Duration
	// Try bounds one try. 0 is 1s, twice as much after each try that ended for want of
	// time, up to 10s.
	Try time.Duration
}

const (
	firstPause   = 2 * time.Millisecond
	usualPause   = 250 * time.Millisecond
	longestPause = 2 * time.Second
	// patience is the part of the wait so far that a pause may take.
	patience   = 20
	firstTry   = time.Second
	longestTry = 10 * time.Second
)

// next returns the pause that follows one of d, waited into the wait.
func (p Pace) next(d, waited time.Duration) time.Duration {
	bound := p.Max
	if bound <= 0 {
		bound = max(usualPause, min(waited/patience, longestPause))
	}
	if d <= 0 {
		d = firstPause
		if p.First > 0 {
			d = p.First
		}
	} else {
		d += d / 2
	}
	return min(d, bound)
}

// Until tries c at once and then at pace p until it passes, and tells failed,
// which may be nil, of each failure and of the pause that follows it. When ctx ends
// first, the error wraps its cause and the last failure.
func Until(ctx context.Context, c Check, p Pace, failed func(err error, pause time.Duration)) error {
	var last error
	var pause time.Duration
	bound := firstTry
	for began := time.Now(); ctx.Err() == nil; {
		if p.Try > 0 {
			bound = p.Try
		}
		err, late := try(ctx, c, bound)
		if err == nil {
			return nil
		}
		// A try that the end of ctx cut short says nothing about the service.
		if ctx.Err() != nil {
			break
		}
		if late {
			bound = min(2*bound, longestTry)
		}
		last = err
		pause = p.next(pause, time.Since(began))
		if failed != nil {
			failed(err, pause)
		}
		wait(ctx, pause)
	}
	if last == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w, last: %w", context.Cause(ctx), last)
}

// try reports beside the outcome whether the try ended for want of time.
func try(ctx context.Context, c Check, bound time.Duration) (err error, late bool) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	err = c(ctx)
	return err, errors.Is(ctx.Err(), context.DeadlineExceeded)
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
