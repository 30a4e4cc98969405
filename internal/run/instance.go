package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Instance is the private directory of one checkout's runs: its logs, the lock
// that says that it runs, and the record of a run.
type Instance struct {
	dir  string
	lock *os.File
	// ended was left by a killed run and ended before the lock was had: sweep tells of it.
	ended []supervisor.Leftover
}

// sameDir makes a DisplacedError of a RunningError about a run in another directory.
func sameDir(err error) error {
	running, ok := errors.AsType[*RunningError](err)
	if !ok || running.DirID == "" || running.DirID == files.DirID(running.Checkout.Dir) {
		return err
	}
	return &DisplacedError{*running}
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
		if i.lock, err = i.takeFromGuard(); !errors.Is(err, files.ErrLocked) {
			return i, err
		}
		rec, _ := i.record()
		switch {
		case rec.Supervisor.Alive() && rec.Guard.Alive():
			return nil, rec.running(c)
		case time.Now().After(limit):
			return nil, &RunningError{Checkout: c}
		case rec.Supervisor.Alive():
			// Its guard is dead and it has not ended itself: it is stopped, or hangs.
			ended, _ := supervisor.EndLeftovers(rec.CrashRecord, sweepPatience)
			i.ended = append(i.ended, ended...)
		}
	}
}

// running says that the run of the record has c.
func (r record) running(c ports.Checkout) *RunningError {
	return &RunningError{Checkout: c, PID: r.Guard.PID, Run: r.Run, DirID: r.DirID}
}

// guardPatience is how long the guard of a killed run may take to end what that has left.
const guardPatience = 3 * time.Second

// takeFromGuard is takeLock, except that it waits while the guard of a run that was killed
// ends what that has left: the guard knows best, and says so itself.
func (i *Instance) takeFromGuard() (*os.File, error) {
	for limit := time.Now().Add(guardPatience); ; time.Sleep(dialPause) {
		lock, err := i.takeLock()
		if err != nil {
			return nil, err
		}
		rec, none := i.record()
		// A supervisor without its lock has died, even if the kernel is not done with it.
		ending := none == nil && rec.Guard.Alive() && rec.Guard.PID != os.Getpid()
		if !ending || time.Now().After(limit) {
			return lock, nil
		}
		_ = lock.Close()
	}
}

// InstanceOf returns the directory of c, and makes it where it is missing, for this
// user alone.
func InstanceOf(c ports.Checkout) (*Instance, error) {
	dir, err := files.InstanceDir(c.Project, c.Instance)
	if err != nil {
		return nil, err
	}
	return &Instance{dir: dir}, nil
}

// exists reports whether the checkout of c has ever run.
func exists(c ports.Checkout) (bool, error) {
	projects, err := files.ProjectsDir()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(filepath.Join(projects, c.Project, c.Instance))
	return err == nil, nil
}

// locked reports whether c has a lock, as it has once it has ever run.
func locked(c ports.Checkout) bool {
	projects, err := files.ProjectsDir()
	if err != nil {
		return false
	}
	_, err = os.Lstat(filepath.Join(projects, c.Project, c.Instance, lockName))
	return err == nil
}

// takeLock fails with files.ErrLocked when another process has the lock.
func (i *Instance) takeLock() (*os.File, error) {
	f, err := files.Lock(i.lockPath(), 0)
	if err != nil {
		return nil, fmt.Errorf("cannot lock this project: %w", err)
	}
	return f, nil
}

// LogDir is the directory of the log store.
func (i *Instance) LogDir() string { return filepath.Join(i.dir, "logs") }

// OwnLog is the file in which a run in the background writes lhrun's own lines.
func (i *Instance) OwnLog() string { return filepath.Join(i.dir, "lhrun.log") }

const lockName = "lock"

// heal makes the lock and the record of a claimed instance anew where they were removed,
// unless somebody else has made them meanwhile. It reports whether it has.
func (i *Instance) heal(rec record) bool {
	ours, err := i.lock.Stat()
	if err != nil {
		return false
	}
	if there, err := os.Lstat(i.lockPath()); err == nil && os.SameFile(ours, there) {
		return false
	}
	if _, err := files.InstanceDir(rec.Checkout.Project, rec.Checkout.Instance); err != nil {
		return false
	}
	lock, err := i.takeLock()
	if err != nil {
		return false
	}
	_ = i.lock.Close()
	i.lock = lock
	_ = i.write(rec) // The recorder writes it again with the next change.
	return true
}

func (i *Instance) lockPath() string { return filepath.Join(i.dir, lockName) }

// release ends the claim of a run that left nothing behind.
func (i *Instance) release() error {
	err := os.Remove(i.recordPath())
	if errors.Is(err, fs.ErrNotExist) || files.IsReadOnly(err) {
		err = nil // What stays tells of processes that are gone.
	}
	return errors.Join(err, i.lock.Close())
}

// AwaitRelease waits, no longer than patience, until the run that had the checkout
// has let go of it. With its Snapshot.Run it does not wait for another one that has it by
// then.
func AwaitRelease(c ports.Checkout, run string, patience time.Duration) {
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(dialPause) {
		i, err := InstanceOf(c)
		if err != nil {
			return
		}
		lock, err := i.takeLock()
		if err == nil {
			_ = lock.Close()
		}
		if !errors.Is(err, files.ErrLocked) {
			return
		}
		if rec, err := i.record(); err == nil && run != "" && rec.Run != run {
			return
		}
	}
}
