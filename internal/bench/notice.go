package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// notice measures, with n services starting, how long after its listen(2) each is
// ready by lhrun's own clock, when its dependents would start, and when it is said.
func notice(n int) *experiment {
	name := fmt.Sprintf("ready noticed after listen(2), %d starting, ", n)
	p50 := &row{Name: name + "p50", unit: millis, goal: atMost(3, millis)}
	p99 := &row{Name: name + "p99", unit: millis, goal: atMost(10, millis), stat: quantile(0.99)}
	said50 := &row{Name: name + "read, p50", unit: millis}
	said99 := &row{Name: name + "read, p99", unit: millis, stat: quantile(0.99)}
	p50.note("as ps --json tells it, which cuts off what is below a millisecond: half of one is added; read is when the benchmark has read the line that says so")
	return &experiment{rows: []*row{p50, p99, said50, said99}, who: only(lhrunName), run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(n, "")
		return b.onStage(who, services, false, func(l *life) error {
			said := map[string]time.Time{}
			words, _, err := l.up(ctx, services, func(line line) {
				if name, ok := saysReady(line.text); ok {
					said[name] = line.at
				}
			})
			if err != nil {
				return err
			}
			ready, err := l.readyTimes(n)
			for _, w := range words {
				if at, ok := ready[w.service]; ok {
					p50.add(who.name, ms(at.Sub(w.at)))
					p99.add(who.name, ms(at.Sub(w.at)))
				}
				if at, ok := said[w.service]; ok {
					said50.add(who.name, ms(at.Sub(w.at)))
					said99.add(who.name, ms(at.Sub(w.at)))
				}
			}
			return err
		})
	}}
}

// readyTimes are when lhrun noticed that each of n services is ready.
func (l *life) readyTimes(n int) (map[string]time.Time, error) {
	cmd := l.process([]string{l.lhrun, "-C", filepath.Join(l.kit.dir, fmt.Sprint("checkout", n)), "ps", "--json"})
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var list struct {
		Services []struct {
			Name    string    `json:"name"`
			ReadyAt time.Time `json:"ready_at"`
		} `json:"services"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	ready := map[string]time.Time{}
	for _, s := range list.Services {
		if !s.ReadyAt.IsZero() {
			ready[s.Name] = s.ReadyAt.Add(time.Millisecond / 2)
		}
	}
	return ready, nil
}
