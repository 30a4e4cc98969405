//go:build linux || darwin || freebsd

package proc

import (
	"syscall"
	"time"
)

// pairPatience is how much later than the one of the two the other can get a signal
// that their group got. It delays signals that only one got.
const pairPatience = 200 * time.Millisecond

// pair makes arrivals of the signals that this program got and of those that the
// guard tells of: one that both got went to the whole group.
func (w *Ward) pair(told <-chan syscall.Signal) {
	var p pairing
	own := presses{}
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		select {
		case sig := <-w.signals:
			if sig := sig.(syscall.Signal); !own.again(sig) {
				w.arrive(p.take(sig, mine, time.Now()))
			}
		case sig := <-told:
			w.arrive(p.take(sig, theirs, time.Now()))
		case now := <-wake.C:
			w.arrive(p.alone(now))
		case <-w.lost:
			return
		}
		if len(p.open) > 0 {
			wake.Reset(time.Until(p.open[0].until))
		}
	}
}

func (w *Ward) arrive(arrivals []Arrival) {
	for _, a := range arrivals {
		select {
		case w.arrivals <- a:
		case <-w.lost:
		}
	}
}

// side is one of the two that may have got a signal.
type side bool

const (
	mine   side = false
	theirs side = true
)

// pairing holds the signals that only one side has got as yet, the oldest first.
type pairing struct{ open []half }

type half struct {
	sig   syscall.Signal
	side  side
	until time.Time
}

// take matches a signal with the same one of the other side.
func (p *pairing) take(sig syscall.Signal, s side, now time.Time) []Arrival {
	for i, h := range p.open {
		if h.sig == sig && h.side != s {
			p.open = append(p.open[:i], p.open[i+1:]...)
			return []Arrival{{sig, true, h.until.Add(-pairPatience)}}
		}
	}
	p.open = append(p.open, half{sig, s, now.Add(pairPatience)})
	return nil
}

// alone gives up on the signals that the other side ought to have got by now.
func (p *pairing) alone(now time.Time) (out []Arrival) {
	for len(p.open) > 0 && !p.open[0].until.After(now) {
		out = append(out, Arrival{p.open[0].sig, false, p.open[0].until.Add(-pairPatience)})
		p.open = p.open[1:]
	}
	return out
}
