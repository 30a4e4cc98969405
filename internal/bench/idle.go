package main

import (
	"context"
	"fmt"
	"time"
)

// idle measures what a contender itself uses while n services do nothing.
func idle(n int, mb float64) *experiment {
	busy := &row{Name: fmt.Sprintf("idle with %d services, cpu", n), unit: percent, goal: nothing()}
	size := &row{Name: fmt.Sprintf("idle with %d services, memory", n), unit: megabytes, goal: atMost(mb, megabytes)}
	size.note("of all its processes; pages that they share count once")
	who := func(c *contender) bool {
		return measuresProcesses && c.name != limitName && (n <= 50 || c.name == lhrunName)
	}
	return &experiment{rows: []*row{busy, size}, who: who, turns: 1, run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "")
		return b.onStage(who, services, false, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			time.Sleep(restAfter)
			pids := l.own()
			before, began := cpu(pids), time.Now()
			time.Sleep(b.window(6 * time.Second))
			busy.add(who.name, 100*float64(cpu(pids)-before)/float64(time.Since(began)))
			size.add(who.name, memory(pids))
			return nil
		})
	}}
}

// restAfter is from when on a contender is at rest: what it tidies up once after a
// start is none of that.
const restAfter = 3 * time.Second
