package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// restart replaces one service of ten, until the new one is ready. lhrun's time
// includes that of the command that asks for it.
func restart() *experiment {
	r := &row{Name: "restart of one until ready again", unit: millis, goal: atMostMore(10, millis)}
	return &experiment{rows: []*row{r}, who: only(limitName, lhrunName), run: func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(10, "")
		return b.onStage(who, services, false, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			again := l.restartBare
			if who.name == lhrunName {
				again = l.restartByVerb
			}
			for range 5 {
				began := time.Now()
				if err := again(ctx); err != nil {
					return err
				}
				r.add(who.name, ms(time.Since(began)))
			}
			return nil
		})
	}}
}

func (l *life) restartByVerb(ctx context.Context) error {
	cmd := l.process([]string{l.lhrun, "-C", filepath.Join(l.kit.dir, "checkout10"), "restart", "s0"})
	if out, err := cmd.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return errors.Join(err, errors.New(first))
	}
	_, err := l.hub.await(ctx, 1, listening, nil)
	return err
}

// restartBare is to kill, wait, spawn and see it listen.
func (l *life) restartBare(ctx context.Context) error {
	old := l.spawned[0]
	if err := syscall.Kill(-old.Process.Pid, syscall.SIGTERM); err != nil {
		return err
	}
	_ = old.Wait()
	l.spawned[0] = exec.Command(old.Args[0], old.Args[1:]...)
	l.spawned[0].Dir, l.spawned[0].Env = old.Dir, old.Env
	l.spawned[0].SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := l.spawned[0].Start(); err != nil {
		return err
	}
	_, err := l.hub.await(ctx, 1, listening, nil)
	return err
}
