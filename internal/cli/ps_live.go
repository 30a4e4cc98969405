package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

// redrawEvery is how soon after a change the screen shows it; refreshEvery is how
// often cpu and memory are measured.
const (
	redrawEvery  = 50 * time.Millisecond
	refreshEvery = time.Second
)

// watchLive keeps the table on the screen. The last one stays on the first screen.
func (l *psList) watchLive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	snaps := make(chan control.Snapshot, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- follow(ctx, l.project, func(snap control.Snapshot) bool {
			select {
			case <-snaps: // An older one that nobody has looked at.
			default:
			}
			snaps <- snap
			return false
		})
	}()
	fmt.Fprint(l.Out, view.EnterScreen)
	last, err := l.redraw(ctx, snaps, ended)
	fmt.Fprint(l.Out, view.LeaveScreen)
	if last != nil {
		_ = l.print(*last)
	}
	return err
}

// redraw shows the project after each change and each second, and returns what was
// known last.
func (l *psList) redraw(ctx context.Context, snaps <-chan control.Snapshot, ended <-chan error) (last *control.Snapshot, err error) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case snap := <-snaps:
			last = &snap
		case <-tick.C:
		case err := <-ended:
			select {
			case snap := <-snaps:
				last = &snap
			default:
			}
			return last, err
		}
		snap, err := l.project.Snapshot(ctx, true)
		if err != nil {
			continue // The stream of events tells whether it was the last.
		}
		last = &snap
		chosen, err := l.chosen(snap)
		if err != nil {
			return last, err
		}
		if _, err := l.Out.WriteString(l.Sheet(l.Out).PsScreen(chosen, time.Now())); err != nil {
			return last, err
		}
		time.Sleep(redrawEvery)
	}
}
