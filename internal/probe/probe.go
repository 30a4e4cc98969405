// Package probe asks one service whether it is there: over HTTP, TCP or gRPC, by
// a command, by a line of its output or by sd_notify.
package probe

import (
	"context"
	"fmt"
	"time"
)

// Check is one try; nil passes. It must return soon after ctx ends. The error's
// text is one short line for people: "http 503 from /healthz".
type Check func(ctx context.Context) error

// Pace is how often Until tries. The zero value is the default of readiness.
type Pace struct {
	// First is the pause after the first try (0: 2ms); each next one is half as
	// long again, up to Max (0: 250ms).
	First, Max time.Duration
	// Try bounds one try (0: 1s).
	Try time.Duration
}

func (p Pace) withDefaults() Pace {
	if p.First <= 0 {
		p.First = 2 * time.Millisecond
	}
	if p.Max <= 0 {
		p.Max = 250 * time.Millisecond
	}
	if p.Try <= 0 {
		p.Try = time.Second
	}
	p.First = min(p.First, p.Max)
	return p
}

// Until tries c at once and then at pace p until it passes, and tells failed,
// which may be nil, of each failure. When ctx ends first, the error wraps its
// cause and the last failure.
func Until(ctx context.Context, c Check, p Pace, failed func(error)) error {
	p = p.withDefaults()
	var last error
	for pause := p.First; ctx.Err() == nil; pause = min(pause+pause/2, p.Max) {
		err := try(ctx, c, p.Try)
		if err == nil {
			return nil
		}
		// A try that the end of ctx cut short says nothing about the service.
		if ctx.Err() != nil {
			break
		}
		last = err
		if failed != nil {
			failed(err)
		}
		wait(ctx, pause)
	}
	if last == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w, last: %w", context.Cause(ctx), last)
}

func try(ctx context.Context, c Check, bound time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return c(ctx)
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
