package main

import (
	"context"
	"slices"
	"syscall"
)

// limitName is the contender that does nothing but the work: it starts what has
// nothing to wait for, and the rest when what it waits for listens.
const limitName = "limit"

func (l *life) spawnAll(ctx context.Context, services []service) ([]word, error) {
	lines, err := l.stage.lines(services)
	if err != nil {
		return nil, err
	}
	ready := map[string]bool{}
	started := make([]bool, len(services))
	next := func() {
		for i, svc := range services {
			waits := slices.ContainsFunc(svc.after, func(name string) bool { return !ready[name] })
			if !started[i] && !waits && err == nil {
				started[i], err = true, l.spawn(lines[i])
			}
		}
	}
	next()
	words, errWait := l.hub.await(ctx, len(services), listening, func(w word) {
		ready[w.service] = true
		if len(ready) < len(services) {
			next()
		}
	})
	if err == nil {
		err = errWait
	}
	return words, err
}

func (l *life) spawn(command string) error {
	if l.out != nil {
		command += " | cat >>" + l.out.Name()
	}
	cmd := l.process([]string{"sh", "-c", command})
	err := cmd.Start()
	if err == nil {
		l.spawned = append(l.spawned, cmd)
	}
	return err
}

// endAll is the least there is to do: a signal each, a wait each.
func (l *life) endAll(ctx context.Context) error {
	for _, cmd := range l.spawned {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	kill := context.AfterFunc(ctx, func() {
		for _, cmd := range l.spawned {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	})
	defer kill()
	for _, cmd := range l.spawned {
		_ = cmd.Wait()
	}
	l.spawned = nil
	return ctx.Err()
}
