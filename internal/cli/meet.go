package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// meetPatience bounds how long two that start at the same moment look for each
// other.
const meetPatience = 15 * time.Second

const meetPause = 20 * time.Millisecond

// errEnding is: the run that was there was on its way down, and is gone by now.
var errEnding = errors.New("the run has ended")

// together begins a run, which is then nothing to meet, or joins the one that there
// is. Of two at the same moment one wins, and the other joins as soon as it can.
func (g *globals) together(o upOptions, signals <-chan os.Signal, begin func() (*meeting, error)) error {
	for limit := time.Now().Add(meetPatience); ; {
		m, err := begin()
		if m == nil {
			return err
		}
		err = g.join(o, *m, signals)
		switch {
		case errors.Is(err, errEnding):
			limit = time.Now().Add(meetPatience)
		case !errors.Is(err, control.ErrNotRunning):
			return err
		case !m.Joins:
			return fmt.Errorf("the run in the background ended at once; %s", m.ownLogHint())
		case time.Now().After(limit):
			return mute(m.Checkout)
		}
		if pause(context.Background(), signals) {
			return exitError{exitInterrupted, nil}
		}
	}
}

// pause waits a moment, and reports whether a signal ended that.
func pause(ctx context.Context, signals <-chan os.Signal) bool {
	over := time.After(meetPause)
	for {
		select {
		case <-over:
			return false
		case <-ctx.Done():
			return true
		case sig := <-signals:
			if interrupts(sig) {
				return true
			}
		}
	}
}

// awaitEnd waits for the end of a run that is on its way down, and for errEnding.
func (v *guest) awaitEnd(news *news) error {
	v.view.say("%s is just being stopped; starting it anew when it is gone", v)
	for {
		select {
		case _, ok := <-news.events:
			if !ok {
				return errEnding
			}
		case sig := <-v.signals:
			if interrupts(sig) {
				return exitError{exitInterrupted, nil}
			}
		}
	}
}

// awaitRelease waits until the run that had the checkout has let go of it.
func (m meeting) awaitRelease() {
	for limit := time.Now().Add(meetPatience); time.Now().Before(limit); time.Sleep(meetPause) {
		i, err := newInstance(m.Checkout)
		if err != nil {
			return
		}
		lock, err := lockFile(i.lockPath())
		if err == nil {
			_ = lock.Close()
		}
		if !errors.Is(err, errLocked) {
			return
		}
	}
}
