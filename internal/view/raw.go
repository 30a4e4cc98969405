package view

import (
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/lhrun/lhrun/supervisor"
)

// Raw is a terminal that passes each key on as it is pressed, and shows none: a
// terminal of another program does that. Its methods may be called by many goroutines.
type Raw struct {
	in *os.File

	mu     sync.Mutex
	before *term.State
	on     bool
}

// Raw makes the terminal raw that t.In is; nil where that is none. Restore must be called
// before this program ends.
func (t Terminal) Raw() (*Raw, error) {
	if !term.IsTerminal(int(t.In.Fd())) {
		return nil, nil
	}
	before, err := term.MakeRaw(int(t.In.Fd()))
	if err != nil {
		return nil, err
	}
	return &Raw{in: t.In, before: before, on: true}, nil
}

// Restore makes the terminal what it was.
func (r *Raw) Restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on && inForeground(r.in) {
		_ = term.Restore(int(r.in.Fd()), r.before)
	}
	r.on = false
}

// Resume makes the terminal raw again, after Restore or after a shell has had it.
func (r *Raw) Resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := term.MakeRaw(int(r.in.Fd()))
	r.on = err == nil
}

// Size returns the size of the terminal.
func (r *Raw) Size() supervisor.Size { return sizeOf(r.in) }
