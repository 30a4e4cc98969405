package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// calls measures verbs as processes, in a project of ten services that runs.
func calls() *experiment {
	verbs := []struct {
		row  *row
		args []string
	}{
		{&row{Name: "lhrun port api", goal: atMostMore(3, millis)}, []string{"port", "s0"}},
		{&row{Name: "lhrun env", goal: atMostMore(3, millis)}, []string{"env"}},
		{&row{Name: "lhrun ps", goal: atMostMore(5, millis)}, []string{"ps"}},
	}
	e := &experiment{who: only(lhrunName)}
	for _, v := range verbs {
		v.row.unit = millis
		v.row.note("the limit is a Go program that does nothing")
		e.rows = append(e.rows, v.row)
	}
	e.run = func(ctx context.Context, b *bench, who *contender) error {
		services := crowd(10, "")
		return b.onStage(who, services, false, func(l *life) error {
			if _, _, err := l.up(ctx, services, nil); err != nil {
				return err
			}
			dir := filepath.Join(b.dir, "checkout10")
			for range 20 {
				for _, v := range verbs {
					if err := l.call(v.row, limitName, b.empty); err != nil {
						return err
					}
					err := l.call(v.row, who.name, append([]string{b.lhrun, "-C", dir}, v.args...)...)
					if err != nil {
						v.row.note("lhrun: %v", err)
					}
				}
			}
			return nil
		})
	}
	return e
}

// call runs a command to its end.
func (s *stage) call(r *row, who string, argv ...string) error {
	cmd := s.process(argv)
	var errs strings.Builder
	cmd.Stderr = &errs
	began := time.Now()
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(errs.String(), "\n")
		return fmt.Errorf("%w: %s", err, first)
	}
	r.add(who, ms(time.Since(began)))
	return nil
}
