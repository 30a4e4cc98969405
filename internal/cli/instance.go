package cli

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

// instance is the private directory of one checkout's runs: its logs, the lock
// that says that it runs, and what a killed run would leave behind.
type instance struct {
	dir  string
	lock *os.File
}

// errRunning is another lhrun that has this checkout.
type errRunning struct {
	checkout ports.Checkout
	// pid is 0 where the holder is not known.
	pid int
	// wanted are the services that were to be started.
	wanted []string
}

func (e errRunning) Error() string {
	by := ""
	if e.pid != 0 {
		by = fmt.Sprintf(", pid %d", e.pid)
	}
	return fmt.Sprintf("%s (%s) already runs in %s%s", e.checkout.Project, e.checkout.Instance, e.checkout.Dir, by)
}

// held adds to an errRunning what was to be started.
func held(err error, wanted []string) error {
	if running, ok := errors.AsType[errRunning](err); ok {
		running.wanted = wanted
		return running
	}
	return err
}

// lockPatience is how long the lock is waited for while its holder is no run that
// lives: one that is just beginning, or a verb that ends what a killed run left.
const lockPatience = 5 * time.Second

// claim makes this process the one that runs the checkout. The lock ends with it.
func claim(c ports.Checkout) (*instance, error) {
	i, err := newInstance(c)
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
			return nil, errRunning{checkout: c, pid: rec.Guard.PID}
		case time.Now().After(limit):
			return nil, errRunning{checkout: c}
		case rec.Supervisor.Alive():
			// Its guard is dead and it has not ended itself: it is stopped, or hangs.
			supervisor.EndLeftovers(rec.CrashRecord, sweepPatience)
		}
	}
}

// newInstance makes the directory where it is missing, for this user alone.
func newInstance(c ports.Checkout) (*instance, error) {
	state, err := ports.StateDir()
	if err != nil {
		return nil, err
	}
	dir, err := privateDir(state, "projects", c.Project, c.Instance)
	if err != nil {
		return nil, fmt.Errorf("cannot use the state directory: %w; set XDG_STATE_HOME to one of your own", err)
	}
	return &instance{dir: dir}, nil
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

func (i *instance) lockPath() string { return filepath.Join(i.dir, "lock") }

func (i *instance) logs() string { return filepath.Join(i.dir, "logs") }

// ownLog is where a run in the background writes lhrun's own lines.
func (i *instance) ownLog() string { return filepath.Join(i.dir, "lhrun.log") }

// release ends the claim of a run that left nothing behind.
func (i *instance) release() error {
	err := os.Remove(i.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, i.lock.Close())
}
