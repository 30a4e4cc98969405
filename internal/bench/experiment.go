package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// experiment is one kind of work, done by every contender that can, in turns.
type experiment struct {
	rows []*row
	// who may take part; nil is everybody.
	who func(*contender) bool
	// turns is how often peers take part; they are there for comparison.
	turns int
	// patience bounds one run; 0 is a minute.
	patience time.Duration
	run      func(ctx context.Context, b *bench, who *contender) error
}

// bench is one call of the program.
type bench struct {
	*kit
	contenders []*contender
	rounds     int
	quick      bool
	progress   io.Writer
}

// measure runs the experiments that have a row of which the name matches. When ctx
// ends, what is missing is noted.
func (b *bench) measure(ctx context.Context, all []*experiment, which *regexp.Regexp) (rows []*row) {
	var chosen []*experiment
	for _, e := range all {
		if slices.ContainsFunc(e.rows, func(r *row) bool { return which.MatchString(r.Name) }) {
			chosen = append(chosen, e)
		}
	}
	for i, e := range chosen {
		rows = append(rows, e.rows...)
		began := time.Now()
		part, cancel := share(ctx, len(chosen)-i)
		b.turns(part, e)
		cancel()
		fmt.Fprintf(b.progress, "%-40s %6.1f s\n", e.rows[0].Name, time.Since(began).Seconds())
	}
	return rows
}

// share is three times the part of what is left of ctx that one of n may take, so
// that a slow machine has fewer rounds of each rather than nothing of the last.
func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok || n <= 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, 3*time.Until(end)/time.Duration(n+2), errTimeout)
}

// turns lets the contenders take turns, each round in another order.
func (b *bench) turns(ctx context.Context, e *experiment) {
	failed := map[*contender]bool{}
	for round := range b.rounds {
		for i := range b.contenders {
			c := b.contenders[(i+round)%len(b.contenders)]
			peer := c.name != limitName && c.name != lhrunName
			if failed[c] || e.who != nil && !e.who(c) || peer && round >= b.peerTurns(e) {
				continue
			}
			if ctx.Err() != nil {
				e.rows[0].note("fewer rounds: %v", context.Cause(ctx))
				return
			}
			if err := b.turn(ctx, e, c); err != nil {
				failed[c] = true
				for _, r := range e.rows {
					r.note("%s: %v", c.name, err)
				}
			}
		}
	}
}

func (b *bench) peerTurns(e *experiment) int {
	if b.quick {
		return 1
	}
	return max(1, e.turns)
}

var errPatience = errors.New("not done in time")

func (b *bench) turn(ctx context.Context, e *experiment, c *contender) error {
	patience := e.patience
	if patience == 0 {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	return e.run(ctx, b, c)
}

// onStage lets who run the services until do returns. What is left of it then is
// ended by force.
func (b *bench) onStage(who *contender, services []service, toFile bool, do func(*life) error) error {
	s, err := b.newStage()
	if err != nil {
		return err
	}
	defer s.close()
	if toFile {
		if err := s.toFile(); err != nil {
			return err
		}
	}
	l, err := s.start(who, services)
	if err != nil {
		return err
	}
	defer l.end()
	return do(l)
}

func only(names ...string) func(*contender) bool {
	return func(c *contender) bool { return slices.Contains(names, c.name) }
}

func crowd(n int, args string) []service {
	services := make([]service, n)
	for i := range services {
		services[i] = service{name: fmt.Sprint("s", i), args: args}
	}
	return services
}
