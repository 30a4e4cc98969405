package main

import (
	"context"
	"fmt"
	"time"
)

// flat starts n services that wait for nothing, until all listen; lhrun, until it
// says that all are ready.
func flat(n int) *experiment {
	start := &row{Name: fmt.Sprintf("flat start, %d services", n), unit: millis, goal: atMostTimes(1.25), ahead: "hivemind",
		scale: scale{n, "start, per service"}}
	e := &experiment{rows: []*row{start}, turns: 3}
	if n > 100 {
		e.turns = 1
	}
	if n > 200 { // most peers take long
		e.who = only(limitName, lhrunName, "hivemind", "goreman", "process-compose")
	}
	e.run = func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "")
		return b.onStage(who, services, false, func(l *life) error {
			_, at, err := l.up(ctx, services, nil)
			if err == nil {
				start.add(who.name, ms(at.Sub(l.began)))
			}
			return err
		})
	}
	return e
}

// stopping stops n services that obey at once.
func stopping(n int) *experiment {
	stop := &row{Name: fmt.Sprintf("stop, %d services", n), unit: millis, goal: atMostTimes(1.5)}
	return &experiment{rows: []*row{stop}, turns: 1, patience: 20 * time.Second, run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "")
		return b.onStage(who, services, false, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			began := time.Now()
			err := l.stop(ctx, n)
			if err == nil {
				stop.add(who.name, ms(time.Since(began)))
			}
			return err
		})
	}}
}
