package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// latency measures, of n services that write a line a second, how long a line is
// on its way to who reads the contender's output.
func latency(n int) *experiment {
	name := fmt.Sprintf("a line on its way, %d services, ", n)
	p50 := &row{Name: name + "p50", unit: millis}
	p99 := &row{Name: name + "p99", unit: millis, goal: atMost(5, millis), stat: quantile(0.99)}
	who := func(c *contender) bool { return c.name != limitName }
	return &experiment{rows: []*row{p50, p99}, who: who, turns: 1, run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "0 tick 1000")
		for i := range services { // not all in the same moment
			services[i].args = fmt.Sprintf("%d tick 1000", i*1000/n)
		}
		return b.onStage(who, services, false, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			for window := time.After(b.window(6 * time.Second)); ; {
				select {
				case line := <-l.lines:
					if at, ok := written(line.text); ok {
						p50.add(who.name, ms(line.at.Sub(at)))
						p99.add(who.name, ms(line.at.Sub(at)))
					}
				case <-window:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		})
	}}
}

// written reads the time from "NAME.NANOSECONDS;" behind whatever else.
func written(line string) (time.Time, bool) {
	payload, ended := strings.CutSuffix(strings.TrimSpace(line), ";")
	_, digits, ok := strings.Cut(payload[strings.LastIndexByte(payload, ' ')+1:], ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	return time.Unix(0, n), ended && ok && err == nil && len(digits) == 19
}

// window is how long something is watched.
func (b *bench) window(d time.Duration) time.Duration {
	if b.quick {
		return d / 3
	}
	return d
}
