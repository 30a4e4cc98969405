package main

import (
	"context"
	"os"
)

// size is the stripped program's.
func size() *experiment {
	r := &row{Name: "binary, stripped", unit: megabytes, goal: atMost(15, megabytes)}
	return &experiment{rows: []*row{r}, run: func(_ context.Context, b *bench, who *contender) error {
		info, err := os.Stat(who.path)
		if who.name == limitName || err != nil || info.Size() < 1e6 { // a script
			return nil
		}
		r.add(who.name, float64(info.Size())/1e6)
		return nil
	}}
}
