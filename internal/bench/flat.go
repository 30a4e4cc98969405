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

// notice measures, with n services starting, how long after its listen(2) each is
// said to be ready.
func notice(n int) *experiment {
	name := fmt.Sprintf("ready noticed after listen(2), %d starting, ", n)
	p50 := &row{Name: name + "p50", unit: millis, goal: atMost(3, millis)}
	p99 := &row{Name: name + "p99", unit: millis, goal: atMost(10, millis), stat: quantile(0.99)}
	return &experiment{rows: []*row{p50, p99}, who: only(lhrunName), run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "")
		return b.onStage(who, services, false, func(l *life) error {
			said := map[string]time.Time{}
			words, _, err := l.up(ctx, services, func(line line) {
				if name, ok := saysReady(line.text); ok {
					said[name] = line.at
				}
			})
			for _, w := range words {
				if at, ok := said[w.service]; ok {
					p50.add(who.name, ms(at.Sub(w.at)))
					p99.add(who.name, ms(at.Sub(w.at)))
				}
			}
			return err
		})
	}}
}
