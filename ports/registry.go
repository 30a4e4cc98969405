package ports

import (
	"fmt"

	"github.com/lhrun/lhrun/internal/files"
)

// Options say where a registry is kept and what it gives out. The zero value is
// what lhrun uses.
type Options struct {
	// StateDir holds the registry; "" is what StateDir returns. Everybody who is
	// to keep apart must use the same one; leases alone span all of them on Linux.
	StateDir string
	// Range is where automatic ports come from; zero is 20000-29999.
	Range Range
	// Warn is told, in one line, of a damaged registry that was put aside.
	Warn func(string)
	// Run, unless nil, reports whether a checkout runs just now, and the number of the
	// directory in which that run began, as far as it is known. What runs keeps its ports
	// though its directory is gone or has another name; so do live leases.
	Run func(Checkout) (dirID string, live bool)
}

// Registry remembers the ports of every checkout on this machine. It holds
// nothing open, so it needs no closing, and may be used from many goroutines.
type Registry struct {
	store store
	locks locks
	rng   Range
	run   func(Checkout) (dirID string, live bool)
	// ephemeral ports are avoided, because the kernel gives them to clients, except for
	// the reserved ones, which it was told to leave alone.
	ephemeral Range
	reserved  []Range
}

// StateDir is $XDG_STATE_HOME/lhrun, or ~/.local/state/lhrun where that is not
// set to an absolute path.
func StateDir() (string, error) { return files.StateDir() }

// Open makes the state directory (0700) where it is missing. It fails when that
// cannot be written, and on systems without a way to lease a port.
func Open(o Options) (*Registry, error) {
	if o.StateDir == "" {
		dir, err := StateDir()
		if err != nil {
			return nil, err
		}
		o.StateDir = dir
	}
	r := &Registry{store: store{o.StateDir, o.Warn, &seen{}}, rng: o.Range.orDefault(), run: o.Run}
	if err := r.rng.check(); err != nil {
		return nil, fmt.Errorf("cannot use %s as a port range: %w", o.Range, err)
	}
	var err error
	if r.locks, err = newLocks(o.StateDir); err != nil {
		return nil, err
	}
	r.ephemeral, r.reserved = ephemeral()
	return r, r.store.open()
}

// Contains reports whether automatic ports may have this number.
func (r *Registry) Contains(port int) bool { return r.rng.contains(port) }
