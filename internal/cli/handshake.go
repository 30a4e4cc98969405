package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/ports"
)

// message is what a run in the background tells the lhrun that began it, one JSON
// object a line: lines to show, and last where to reach it.
type message struct {
	Level     hclog.Level `json:"level,omitempty"`
	Text      string      `json:"text,omitempty"`
	Handshake *handshake  `json:"handshake,omitempty"`
}

// handshake says where a run is reached, and what is wanted of it.
type handshake struct {
	Checkout ports.Checkout `json:"checkout"`
	Wanted   []string       `json:"wanted"`
	// Joins says that another lhrun has begun the run.
	Joins bool `json:"joins,omitempty"`

	// seen tells the run that this lhrun sees it; nil where it does not wait for that.
	seen func()
	// interrupted is the signal that has begun the end of the run before it was seen.
	interrupted os.Signal
}

func (h handshake) String() string {
	return fmt.Sprintf("%s (%s)", h.Checkout.Project, h.Checkout.Instance)
}

func (h handshake) ownLogHint() string {
	i, err := run.InstanceOf(h.Checkout)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("what it said is in %s", i.OwnLog())
}

// handshakePatience bounds how long two that start at the same moment look for each
// other.
const handshakePatience = 15 * time.Second

const handshakePause = 20 * time.Millisecond

// errEnding says that the run was on its way down, and is gone by now.
var errEnding = errors.New("the run has ended")

// beginOrAttach begins a run, of which nothing is left to attach to, or attaches to
// the one that there is. Of two at the same moment one wins, and the other attaches
// as soon as it can.
func (g *globals) beginOrAttach(o upOptions, signals <-chan os.Signal, begin func() (*handshake, error)) error {
	for limit := time.Now().Add(handshakePatience); ; {
		m, err := begin()
		if m == nil {
			return err
		}
		err = g.attach(o, *m, signals)
		switch {
		case errors.Is(err, errEnding):
			limit = time.Now().Add(handshakePatience)
		case !errors.Is(err, control.ErrNotRunning):
			return err
		case !m.Joins:
			return fmt.Errorf("the run in the background ended at once; %s", m.ownLogHint())
		case time.Now().After(limit):
			return run.Unresponsive(m.Checkout)
		}
		if sig := pause(context.Background(), signals); sig != nil {
			return signalError{sig, nil}
		}
	}
}

// pause waits a moment, and returns the signal that has ended that, if one has.
func pause(ctx context.Context, signals <-chan os.Signal) os.Signal {
	over := time.After(handshakePause)
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return endOf(ctx)
		case sig := <-signals:
			if interrupts(sig) {
				return sig
			}
		}
	}
}

// upDetached puts a run into the background, unless there is one already, and stays
// until everything is ready.
func (g *globals) upDetached(o upOptions) error {
	signals, stop := proc.NotifyDebounced(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return g.beginOrAttach(o, signals, func() (*handshake, error) { return g.beginDetached(o, signals) })
}

// beginDetached starts a run in the background and shows what it says until it can
// be reached. A run that ends before has told why.
func (g *globals) beginDetached(o upOptions, signals <-chan os.Signal) (*handshake, error) {
	w, err := newWire()
	if err != nil {
		return nil, err
	}
	child, err := proc.Detach(append(os.Environ(), detachedKey+"=1"), w.far[0], w.far[1], w.far[2])
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
	reached := make(chan *handshake, 1)
	go func() { reached <- g.hear(o, w.messages) }()
	var interrupted os.Signal
	for {
		select {
		case interrupted = <-signals:
			_ = child.Signal(syscall.SIGTERM) // Unreaped, so the pid is its own.
		case m := <-reached:
			if m != nil && !(m.Joins && interrupted != nil) {
				m.seen, m.interrupted = w.close, interrupted
				return m, child.Release()
			}
			<-copied
			w.close()
			return nil, endOfChild(child, interrupted)
		}
	}
}

// wire connects this lhrun and the one in the background: messages and errors come
// from it, and the end of hold tells it that this one sees the run.
type wire struct {
	hold, messages, errs *os.File
	// far are its three standard files.
	far [3]*os.File
}

func newWire() (w wire, err error) {
	for i, near := range []**os.File{&w.hold, &w.messages, &w.errs} {
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
	_, _, _ = w.hold.Close(), w.messages.Close(), w.errs.Close()
}

// hear shows what the run in the background says, and returns nil when it ends
// without having told where to reach it.
func (g *globals) hear(o upOptions, from io.Reader) *handshake {
	screen := g.detachScreen(o, nil)
	for dec := json.NewDecoder(from); ; {
		var w message
		if err := dec.Decode(&w); err != nil {
			return nil
		}
		if w.Handshake != nil {
			return w.Handshake
		}
		screen.Say(w.Level, w.Text)
	}
}

// endOfChild is the outcome of a run that ended before it could be reached.
func endOfChild(child *os.Process, interrupted os.Signal) error {
	state, err := child.Wait()
	switch {
	case interrupted != nil:
		return signalError{interrupted, nil}
	case err != nil:
		return err
	case state.ExitCode() <= 0:
		return fmt.Errorf("the run in the background ended at once: %s", state)
	}
	return exitError{state.ExitCode(), nil}
}
