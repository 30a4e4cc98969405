package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Instance is the private directory of one checkout's runs: its logs, the lock
// that says that it runs, and the record of a run.
type Instance struct {
	dir  string
	lock *os.File
}

// withWanted adds to a RunningError what was to be started.
func withWanted(err error, wanted []string) error {
	if running, ok := errors.AsType[*RunningError](err); ok {
		running.Wanted = wanted
	}
	return err
}

// lockPatience is how long claim waits while the lock's holder is not a run that
// lives, but one that is just beginning, or a verb that ends what a killed run left.
const lockPatience = 5 * time.Second

// claim makes this process the one that runs the checkout, until it ends or releases
// the claim.
func claim(c ports.Checkout) (*Instance, error) {
	i, err := InstanceOf(c)
	if err != nil {
		return nil, err
	}
	for limit := time.Now().Add(lockPatience); ; time.Sleep(20 * time.Millisecond) {
		if i.lock, err = lockFile(i.lockPath()); !errors.Is(err, errLocked) {
			return i, err
		}
		rec, _ := i.record()
		switch {
		case rec.Supervisor.Alive() && rec.Guard.Alive():
			return nil, &RunningError{Checkout: c, PID: rec.Guard.PID}
		case time.Now().After(limit):
			return nil, &RunningError{Checkout: c}
		case rec.Supervisor.Alive():
			// Its guard is dead and it has not ended itself: it is stopped, or hangs.
			supervisor.EndLeftovers(rec.CrashRecord, sweepPatience)
		}
	}
}

// InstanceOf returns the directory of c, and makes it where it is missing, for this
// user alone.
func InstanceOf(c ports.Checkout) (*Instance, error) {
	state, err := ports.StateDir()
	if err != nil {
		return nil, err
	}
	dir, err := privateDir(state, "projects", c.Project, c.Instance)
	if err != nil {
		return nil, fmt.Errorf("cannot use the state directory: %w; set XDG_STATE_HOME to one of your own", err)
	}
	return &Instance{dir: dir}, nil
}

// privateDir makes the directories below base, and base itself, this user's alone.
// Base may be a link of the user's own making; what is below it may not.
func privateDir(base string, below ...string) (string, error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(base)
	if err != nil {
		return "", err
	}
	for i := range len(below) + 1 {
		if i > 0 {
			dir = filepath.Join(dir, below[i-1])
			if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return "", err
			}
		}
		info, err := os.Lstat(dir)
		switch {
		case err != nil:
			return "", err
		case !info.IsDir():
			return "", fmt.Errorf("%s is not a directory", dir)
		case info.Mode().Perm()&0o077 != 0:
			if err := os.Chmod(dir, 0o700); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
}

// exists reports whether the checkout of c has ever run.
func exists(c ports.Checkout) (bool, error) {
	projects, err := projectsDir()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(filepath.Join(projects, c.Project, c.Instance))
	return err == nil, nil
}

func projectsDir() (string, error) {
	state, err := ports.StateDir()
	return filepath.Join(state, "projects"), err
}

func (i *Instance) lockPath() string { return filepath.Join(i.dir, "lock") }

// LogDir is the directory of the log store.
func (i *Instance) LogDir() string { return filepath.Join(i.dir, "logs") }

// OwnLog is the file in which a run in the background writes lhrun's own lines.
func (i *Instance) OwnLog() string { return filepath.Join(i.dir, "lhrun.log") }

// release ends the claim of a run that left nothing behind.
func (i *Instance) release() error {
	err := os.Remove(i.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, i.lock.Close())
}

// AwaitRelease waits, no longer than patience, until the run that had the checkout
// has let go of it.
func AwaitRelease(c ports.Checkout, patience time.Duration) {
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(dialPause) {
		i, err := InstanceOf(c)
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
