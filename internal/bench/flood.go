package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// load is what services write at once.
type load struct {
	name                  string // with %d for the number of lines
	writers, lines, bytes int
	goal                  goal
	ahead                 string
	turns                 int
}

// flood has services write as fast as they can, into a file.
func flood(w load) *experiment {
	r := &row{Name: fmt.Sprintf(w.name, w.lines), unit: millis, goal: w.goal, ahead: w.ahead,
		scale: scale{w.writers * w.lines, fmt.Sprintf("log, per line of %d bytes", w.bytes)}}
	args := fmt.Sprintf("0 flood %d %d", w.lines, w.bytes)
	services := make([]service, w.writers)
	for i := range services {
		services[i] = service{name: floodName(i), args: args}
	}
	e := &experiment{rows: []*row{r}, turns: w.turns, patience: 30 * time.Second}
	if w.turns == 0 {
		e.who = only(limitName, lhrunName)
	}
	e.run = func(ctx context.Context, b *bench, who *contender) error {
		return b.onStage(who, services, true, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond) // what it has to say of the start is out
			began := time.Now()
			l.hub.say()
			if _, err := l.hub.await(ctx, w.writers, done, nil); err != nil {
				return err
			}
			at, err := quiet(ctx, l.out)
			if err != nil {
				return err
			}
			r.add(who.name, ms(at.Sub(began)))
			return l.verify(r, services, w)
		})
	}
	return e
}

// floodName is one letter where that is enough: ten bytes is not much.
func floodName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return floodName(i/26-1) + floodName(i%26)
}

// quiet returns when the file has last grown, once that is half a second ago.
func quiet(ctx context.Context, f *os.File) (at time.Time, err error) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	size := int64(-1)
	for at = time.Now(); time.Since(at) < 500*time.Millisecond; {
		info, err := f.Stat()
		if err != nil {
			return at, err
		}
		if info.Size() != size {
			size, at = info.Size(), time.Now()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return at, context.Cause(ctx)
		}
	}
	return at, nil
}
