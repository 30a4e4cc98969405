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
	"github.com/lhrun/lhrun/internal/view"
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
	// Hold is that of the lhrun that uses a one-off run: as it begins one, the first; see
	// run.Session.FirstHold.
	Hold uint64 `json:"hold,omitempty"`

	// host is the process that this lhrun has started for it, its child.
	host *os.Process
	// seen tells the run that this lhrun sees it, or does not use it any more; nil where it
	// does not wait for that. farewell is what takes leave of it before.
	seen, farewell func()
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
// as soon as it can. pause waits a moment, and returns the signal that has ended that.
func beginOrAttach(begin func() (*handshake, error), attach func(handshake) error, pause func() os.Signal) error {
	for limit := time.Now().Add(handshakePatience); ; {
		m, err := begin()
		if m == nil {
			return err
		}
		err = attach(*m)
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
		if sig := pause(); sig != nil {
			return signalError{sig, nil}
		}
	}
}

// beginOrJoin is beginOrAttach for an up.
func (g *globals) beginOrJoin(o upOptions, signals <-chan os.Signal, begin func() (*handshake, error)) error {
	return beginOrAttach(begin, func(m handshake) error { return g.attach(o, m, signals) },
		func() os.Signal { return pause(context.Background(), signals) })
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
	return g.beginOrJoin(o, signals, func() (*handshake, error) {
		b, err := g.beginDetached(g.detachScreen(o, nil), func(in, out, errs *os.File) (*os.Process, error) {
			return proc.Detach(os.Args, append(os.Environ(), detachedKey+"="+detachedUp), in, out, errs)
		})
		if err != nil {
			return nil, err
		}
		m, err := await(b, signals, func(sig os.Signal) os.Signal { return sig })
		if m != nil {
			err = m.host.Release()
		}
		return m, err
	})
}

// beginning is a run in the background that cannot be reached yet.
type beginning struct {
	wire
	host *os.Process
	// copied closes when all of its errors are shown.
	copied  chan struct{}
	reached chan *handshake
}

// beginDetached starts a run in the background, by detach with its three standard files,
// and shows what it says until it can be reached.
func (g *globals) beginDetached(screen view.Screen, detach func(in, out, errs *os.File) (*os.Process, error)) (*beginning, error) {
	w, err := newWire()
	if err != nil {
		return nil, err
	}
	host, err := detach(w.far[0], w.far[1], w.far[2])
	w.closeFar()
	if err != nil {
		w.close()
		return nil, err
	}
	b := &beginning{w, host, make(chan struct{}), make(chan *handshake, 1)}
	go func() {
		defer close(b.copied)
		_, _ = io.Copy(g.Err, w.errs)
	}()
	go func() { b.reached <- hear(screen, w.messages) }()
	return b, nil
}

// await waits until the run can be reached. One that ends before has told why. A signal to
// end ends it; signal says which one came.
func await[T any](b *beginning, signals <-chan T, signal func(T) os.Signal) (*handshake, error) {
	var interrupted os.Signal
	for {
		select {
		case s := <-signals:
			if sig := signal(s); interrupts(sig) {
				interrupted = sig
				_ = b.host.Signal(syscall.SIGTERM) // Unreaped, so the pid is its own.
			}
		case m := <-b.reached:
			if m != nil && !(m.Joins && interrupted != nil) {
				m.host, m.seen, m.farewell, m.interrupted = b.host, b.close, b.takeLeave, interrupted
				return m, nil
			}
			<-b.copied
			b.close()
			return nil, endOfChild(b.host, interrupted)
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

// takeLeave tells the other end that this lhrun ends by itself.
func (w wire) takeLeave() { _, _ = w.hold.Write([]byte{1}) }

func (w wire) close() {
	_, _, _ = w.hold.Close(), w.messages.Close(), w.errs.Close()
}

// hear shows what the run in the background says, and returns nil when it ends
// without having told where to reach it.
func hear(screen view.Screen, from io.Reader) *handshake {
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
