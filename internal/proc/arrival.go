//go:build linux || darwin || freebsd

package proc

import (
	"syscall"
	"time"
)

// pairPatience is how long after the one side the other may get a signal that was sent
// to their group. A signal that only one side got is delayed by it.
const pairPatience = 200 * time.Millisecond

// pair turns the signals that this program got, and those that the guard tells of, into
// arrivals. A signal that both got was sent to the whole group.
func (g *GuardedSide) pair(told <-chan syscall.Signal) {
	var p pairing
	own := echoes{}
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		select {
		case sig := <-g.received:
			if sig := sig.(syscall.Signal); !own.repeats(sig) {
				g.arrive(p.take(sig, mine, time.Now()))
			}
		case sig := <-told:
			g.arrive(p.take(sig, theirs, time.Now()))
		case now := <-wake.C:
			g.arrive(p.alone(now))
		case <-g.lost:
			return
		}
		if len(p.open) > 0 {
			wake.Reset(time.Until(p.open[0].until))
		}
	}
}

func (g *GuardedSide) arrive(arrivals []Arrival) {
	for _, a := range arrivals {
		select {
		case g.arrivals <- a:
		case <-g.lost:
		}
	}
}

// side is who got a signal: this program or its guard.
type side bool

const (
	mine   side = false
	theirs side = true
)

// pairing holds the signals that only one side has got so far, the oldest first.
type pairing struct{ open []half }

type half struct {
	sig   syscall.Signal
	side  side
	until time.Time
}

// take pairs a signal with the same signal of the other side, or waits for that.
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

// alone returns the signals that the other side would have got by now.
func (p *pairing) alone(now time.Time) (out []Arrival) {
	for len(p.open) > 0 && !p.open[0].until.After(now) {
		out = append(out, Arrival{p.open[0].sig, false, p.open[0].until.Add(-pairPatience)})
		p.open = p.open[1:]
	}
	return out
}
