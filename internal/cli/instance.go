package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
)

// instance is the private directory of one checkout's runs: its logs, the lock
// that says that it runs, and what a killed run would leave behind.
type instance struct {
	dir  string
	lock *os.File
}

// errRunning is another lhrun that runs this checkout.
type errRunning struct {
	checkout ports.Checkout
	pid      int
}

func (e errRunning) Error() string {
	return fmt.Sprintf("%s (instance %s) already runs in %s, pid %d: end that one first",
		e.checkout.Project, e.checkout.Instance, e.checkout.Dir, e.pid)
}

// claim makes this process the one that runs the checkout. The lock ends with it.
func claim(c ports.Checkout) (*instance, error) {
	state, err := ports.StateDir()
	if err != nil {
		return nil, err
	}
	i := &instance{dir: filepath.Join(state, "projects", c.Project, c.Instance)}
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot use the state directory: %w; set XDG_STATE_HOME to one of your own", err)
	}
	i.lock, err = lockFile(filepath.Join(i.dir, "lock"))
	if errors.Is(err, errLocked) {
		rec, _ := i.record()
		return nil, errRunning{c, rec.Guard.PID}
	}
	return i, err
}

func (i *instance) logs() string { return filepath.Join(i.dir, "logs") }

func (i *instance) recordPath() string { return filepath.Join(i.dir, "run.json") }

func (i *instance) record() (proc.Record, error) {
	var rec proc.Record
	data, err := os.ReadFile(i.recordPath())
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal(data, &rec)
}

// write records who runs, for the next lhrun in case this one is killed.
func (i *instance) write(rec proc.Record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	temp := i.recordPath() + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return fmt.Errorf("cannot record this run: %w", err)
	}
	return os.Rename(temp, i.recordPath())
}

// sweep ends what a killed run has left, and returns it. Everything is known by
// pid and start time, or by the mark of that run in its environment.
func (i *instance) sweep() []proc.Left {
	rec, err := i.record()
	if err != nil {
		return nil // None, or garbled by a crash: there is nothing to go by.
	}
	return proc.EndLeftovers(rec, 2*time.Second)
}

// release ends the claim of a run that left nothing behind.
func (i *instance) release() error {
	err := os.Remove(i.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, i.lock.Close())
}
