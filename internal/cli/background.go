package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/lhrun/lhrun/internal/proc"
)

// upAway puts a run into the background, unless there is one already, and stays
// until all is ready.
func (g *globals) upAway(o upOptions) error {
	signals, stop := proc.NotifyDebounced(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return g.together(o, signals, func() (*meeting, error) { return g.beginAway(o, signals) })
}

// beginAway starts a run in the background and hears it out until it can be met. A
// run that ends before has told why.
func (g *globals) beginAway(o upOptions, signals <-chan os.Signal) (*meeting, error) {
	w, err := newWire()
	if err != nil {
		return nil, err
	}
	child, err := proc.Detach(append(os.Environ(), awayKey+"=1"), w.far[0], w.far[1], w.far[2])
	w.closeFar()
	if err != nil {
		w.close()
		return nil, err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(g.Err, w.errs)
	}()
	met := make(chan *meeting, 1)
	go func() { met <- g.hear(o, w.words) }()
	interrupted := false
	for {
		select {
		case <-signals:
			interrupted = true
			_ = child.Signal(syscall.SIGTERM) // Unreaped, so the pid is its own.
		case m := <-met:
			if m != nil && !(m.Joins && interrupted) {
				m.met, m.interrupted = w.close, interrupted
				return m, child.Release()
			}
			<-copied
			w.close()
			return nil, endOfChild(child, interrupted)
		}
	}
}

// wire is what this lhrun and the one in the background tell each other by: its
// words and errors come, and the end of hold tells it that it was met.
type wire struct {
	hold, words, errs *os.File
	// far are its three standard files.
	far [3]*os.File
}

func newWire() (w wire, err error) {
	for i, near := range []**os.File{&w.hold, &w.words, &w.errs} {
		r, end, err := os.Pipe()
		if err != nil {
			w.closeFar()
			w.close()
			return wire{}, fmt.Errorf("cannot talk to the background: %w", err)
		}
		if *near, w.far[i] = r, end; i == 0 {
			*near, w.far[i] = end, r
		}
	}
	return w, nil
}

func (w wire) closeFar() {
	for _, f := range w.far {
		_ = f.Close() // A nil one is no trouble.
	}
}

func (w wire) close() {
	_, _, _ = w.hold.Close(), w.words.Close(), w.errs.Close()
}

// hear shows what the run in the background says, and returns nil when it ends
// without having told where to meet.
func (g *globals) hear(o upOptions, from io.Reader) *meeting {
	screen := g.newScreen(o, nil)
	if o.logFormat == "text" {
		screen = g.newBareScreen()
	}
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

// endOfChild is the outcome of a run that ended before it could be met.
func endOfChild(child *os.Process, interrupted bool) error {
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
