package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
)

const (
	// detachPatience is for the service to take what was typed before one left.
	detachPatience = time.Second
	// mostTyped is how many keys wait for a service that reads none.
	mostTyped = 1024
)

// attachment is this terminal while it is that of a service.
type attachment struct {
	*globals
	name string
	// keys go to the service. Where the input is a terminal, the loop alone sends them.
	keys chan control.Keys
	// begun closes when it is known how the service is, runs when it has a process.
	begun, runs chan struct{}
	// raw is nil where the input is no terminal, and until begun.
	raw atomic.Pointer[view.Raw]
	// running says that the service has a process now.
	running atomic.Bool

	// mu guards what follows. Its holder may be stuck in writing to a stopped terminal.
	mu    sync.Mutex
	modes view.Modes
	now   control.Service
	// ran says that it has run since one is attached.
	ran bool
	// within says that the last line that is shown has not ended.
	within bool
	// untaken says that it was told that the service reads nothing.
	untaken bool
}

func (g *globals) attachTo(ctx context.Context, name string) error {
	_, client, err := g.DialOr(ctx, "lhrun up", name)
	if err != nil {
		return err
	}
	now, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	if _, known := view.ServiceNamed(now, name); !known {
		return exitError{exitUsage, words.Unknown("service", name, view.Names(now.Services))}
	}
	a := &attachment{
		globals: g, name: name, keys: make(chan control.Keys, mostTyped),
		begun: make(chan struct{}), runs: make(chan struct{}),
	}
	defer a.restore()
	return asUsage(a.follow(ctx, client))
}

// follow returns when somebody leaves, or there is nothing to be attached to any more.
func (a *attachment) follow(ctx context.Context, client control.Attacher) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append(terminalSignals(), os.Interrupt, syscall.SIGTERM)...)
	defer signal.Stop(signals)
	ended := make(chan error, 1)
	go a.guarded(func() { ended <- client.Attach(ctx, a.name, a.keys, a.show) })
	begun := a.begun
	var typed <-chan []byte
	var late <-chan time.Time
	for {
		select {
		case <-begun:
			begun = nil
			if typed = a.input(ctx); typed != nil {
				a.resize()
			}
		case p, open := <-typed:
			before, leaves := cutLeave(p)
			a.send(before)
			if leaves || !open {
				close(a.keys)
				typed, late = nil, time.After(detachPatience)
			}
		case <-late:
			cancel()
		case sig := <-signals:
			switch {
			case suspends(sig):
				a.suspend()
			case resumes(sig) && typed != nil:
				a.raw.Load().Resume()
				a.resize()
			case resizes(sig) && typed != nil:
				a.resize()
			case resumes(sig), resizes(sig):
			default:
				return signalError{sig, nil}
			}
		case err := <-ended:
			return a.outcome(err, late != nil)
		}
	}
}

// outcome is what becomes of the end of an attachment.
func (a *attachment) outcome(err error, left bool) error {
	end := ""
	switch {
	case left:
		end = "left; " + a.name + " goes on"
	case errors.Is(err, control.ErrEnded) && a.hasBegun():
		end = "the project is down"
	default:
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clean()
	a.say("%s", end)
	return nil
}

func (a *attachment) hasBegun() bool {
	select {
	case <-a.begun:
		return true
	default:
		return false
	}
}

// input begins to read the input. It returns what is typed on a terminal; nil where it is
// none.
func (a *attachment) input(ctx context.Context) <-chan []byte {
	if a.raw.Load() == nil {
		go a.guarded(func() { a.pipe(ctx) })
		return nil
	}
	typed := make(chan []byte)
	go a.guarded(func() {
		defer close(typed)
		_ = a.read(func(p []byte) error {
			typed <- p
			return nil
		})
	})
	return typed
}

// pipe types what comes from a pipe, once the service runs and as fast as it reads.
func (a *attachment) pipe(ctx context.Context) {
	defer close(a.keys)
	select {
	case <-a.runs:
	case <-ctx.Done():
		return
	}
	_ = a.read(func(p []byte) error {
		select {
		case a.keys <- control.Keys{Typed: p}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// read gives each what comes from the input, until its end.
func (a *attachment) read(each func([]byte) error) error {
	for {
		p := make([]byte, 4<<10)
		n, err := a.In.Read(p)
		if n > 0 {
			err = errors.Join(err, each(p[:n]))
		}
		if err != nil {
			return err
		}
	}
}

// leaveKeys are what terminals send for Ctrl-]: those of today, and after a program has
// asked them to tell keys apart.
var leaveKeys = []string{"\x1d", "\x1b[93;5u", "\x1b[93;5:1u", "\x1b[27;5;93~"}

// cutLeave returns what was typed before somebody left, if that is so.
func cutLeave(p []byte) (before []byte, leaves bool) {
	for _, key := range leaveKeys {
		if head, _, found := bytes.Cut(p, []byte(key)); found {
			p, leaves = head, true
		}
	}
	return p, leaves
}

// send types p, unless nothing runs that could read it. What a service does not read for
// very long is lost.
func (a *attachment) send(p []byte) {
	if len(p) > 0 && a.running.Load() {
		a.put(control.Keys{Typed: p})
	}
}

func (a *attachment) put(k control.Keys) {
	select {
	case a.keys <- k:
	default:
	}
}

func (a *attachment) resize() {
	size := a.raw.Load().Size()
	a.put(control.Keys{Rows: size.Rows, Cols: size.Cols})
}

// suspend stops this program as SIGTSTP would, and leaves the terminal in order meanwhile.
func (a *attachment) suspend() {
	if raw := a.raw.Load(); raw != nil {
		raw.Restore()
	}
	stopSelf()
}

// guarded leaves the terminal in order where f panics.
func (a *attachment) guarded(f func()) {
	defer func() {
		if p := recover(); p != nil {
			a.restore()
			panic(p)
		}
	}()
	f()
}
