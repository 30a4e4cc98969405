package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// The screen of ps -w is the terminal's second one, so what was there comes back.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
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
	news := make(chan control.Snapshot, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- follow(ctx, l.project, func(snap control.Snapshot) bool {
			select {
			case <-news: // An older one that nobody has looked at.
			default:
			}
			news <- snap
			return false
		})
	}()
	fmt.Fprint(l.Out, enterScreen)
	last, err := l.redraw(ctx, news, ended)
	fmt.Fprint(l.Out, leaveScreen)
	if last != nil {
		_ = l.print(*last)
	}
	return err
}

// redraw shows the project after each change and each second, and returns what was
// known last.
func (l *psList) redraw(ctx context.Context, news <-chan control.Snapshot, ended <-chan error) (last *control.Snapshot, err error) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case snap := <-news:
			last = &snap
		case <-tick.C:
		case err := <-ended:
			select {
			case snap := <-news:
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
		if _, err := l.Out.WriteString(l.sheet(l.Out).screen(chosen, time.Now())); err != nil {
			return last, err
		}
		time.Sleep(redrawEvery)
	}
}

// screen is everything that a redraw writes: each line over the old one.
func (s sheet) screen(snap control.Snapshot, now time.Time) string {
	head := fmt.Sprintf("%s (%s), pid %d, %s", snap.Project, snap.Instance, snap.PID, now.Format("15:04:05"))
	lines := append([]string{s.cut(head, 0), ""}, s.psTable(snap.Services, now)...)
	if most := max(3, s.height-1); len(lines) > most {
		left := fmt.Sprintf("… %d more lines; ps without -w shows all", len(lines)-most+1)
		lines = append(slices.Clone(lines[:most-1]), s.cut(left, 0))
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}
