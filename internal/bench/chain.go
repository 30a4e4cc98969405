package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// chain starts n services that each wait for the one before, and take 20 ms until
// they listen.
func chain(n int) *experiment {
	services := crowd(n, "20")
	for i := 1; i < n; i++ {
		services[i].after = []string{services[i-1].name}
	}
	r := &row{Name: fmt.Sprintf("chain of %d, 20 ms each", n), unit: millis, goal: atMostTimes(1.15)}
	r.note("the sum of the delays alone is %d ms", 20*n)
	return ordered(r, services)
}

// dag starts n services with random delays, each of which waits for up to three
// others.
func dag(n int) *experiment {
	services := crowd(n, "")
	random := rand.New(rand.NewPCG(7, 7))
	path, longest := make([]int, n), 0
	for i := range services {
		delay := random.IntN(100)
		services[i].args = fmt.Sprint(delay)
		from := 0
		for range min(i, random.IntN(4)) {
			on := max(0, i-1-random.IntN(15))
			if !slices.Contains(services[i].after, services[on].name) {
				services[i].after = append(services[i].after, services[on].name)
			}
			from = max(from, path[on])
		}
		path[i] = from + delay
		longest = max(longest, path[i])
	}
	r := &row{Name: fmt.Sprintf("random graph of %d", n), unit: millis, goal: atMostTimes(1.1)}
	r.note("the delays of its critical path are %d ms", longest)
	return ordered(r, services)
}

// ordered is for those who can wait for readiness. The rest would only start
// everything at once.
func ordered(r *row, services []service) *experiment {
	return &experiment{
		rows: []*row{r}, turns: 1, patience: 20 * time.Second,
		who: func(c *contender) bool { return c.ordered },
		run: func(ctx context.Context, b *bench, who *contender) error {
			return b.onStage(who, services, false, func(l *life) error {
				_, at, err := l.up(ctx, services, nil)
				if err == nil {
					r.add(who.name, ms(at.Sub(l.began)))
				}
				return err
			})
		},
	}
}
