package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lhrun/lhrun/internal/proc"
)

// upAway puts a run into the background, unless there is one already, and stays
// until all is ready.
func (g *globals) upAway(o upOptions) error {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	return g.together(o, signals, func() (*meeting, error) { return g.beginAway(signals) })
}

// beginAway starts a run in the background and hears it out until it can be met. A
// run that ends before has told why.
func (g *globals) beginAway(signals <-chan os.Signal) (*meeting, error) {
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	errs, errsEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, outEnd.Close())
	}
	defer errs.Close()
	child, err := proc.Detach(append(os.Environ(), awayKey+"=1"), outEnd, errsEnd)
	_, _ = outEnd.Close(), errsEnd.Close()
	if err != nil {
		return nil, err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(g.Err, errs)
	}()
	met := make(chan *meeting, 1)
	go func() { met <- g.hear(out) }()
	interrupted := false
	for {
		select {
		case <-signals:
			interrupted = true
			_ = child.Signal(syscall.SIGTERM) // Unreaped, so the pid is its own.
		case m := <-met:
			if m != nil {
				return m, child.Release()
			}
			<-copied
			return nil, fateOf(child, interrupted)
		}
	}
}

// hear shows what the run in the background says, and returns nil when it ends
// without having told where to meet.
func (g *globals) hear(from io.Reader) *meeting {
	screen := g.newBareScreen()
	for dec := json.NewDecoder(from); ; {
		var w word
		if err := dec.Decode(&w); err != nil {
			return nil
		}
		if w.Meet != nil {
			return w.Meet
		}
		screen.Say(w.Level, w.Text)
	}
}

// fateOf is the outcome of a run that ended before it could be met.
func fateOf(child *os.Process, interrupted bool) error {
	state, err := child.Wait()
	switch {
	case interrupted:
		return exitError{exitInterrupted, nil}
	case err != nil:
		return err
	case state.ExitCode() <= 0:
		return fmt.Errorf("the run in the background ended at once: %s", state)
	}
	return exitError{state.ExitCode(), nil}
}
