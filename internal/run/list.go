package run

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Run is a run of this user that goes on or was killed, as its record tells.
type Run struct {
	Checkout ports.Checkout
	// File is the project's file, without links in its path.
	File string
	// PID is the process that hosts, or hosted, the run.
	PID   int
	Alive bool
	// Gone says that the directory in which it began has not got that path any more.
	Gone bool

	dirID  string
	record supervisor.CrashRecord
}

// List returns all runs of this user, in the order of their projects' names.
func List() []Run {
	var runs []Run
	for _, path := range recordPaths() {
		if r, err := runAt(path); err == nil {
			runs = append(runs, r)
		}
	}
	return runs
}

// runAt is the run of the record at path. One that a crash has garbled is an error; the
// next run writes it anew.
func runAt(path string) (Run, error) {
	rec, err := readRecord(path)
	if err != nil {
		return Run{}, err
	}
	instance := filepath.Dir(path) // The directories are named after the checkout.
	rec.Checkout.Project, rec.Checkout.Instance = filepath.Base(filepath.Dir(instance)), filepath.Base(instance)
	return Run{
		Checkout: rec.Checkout, File: rec.File,
		PID: rec.Supervisor.PID, Alive: rec.Supervisor.Alive(), record: rec.CrashRecord, dirID: rec.DirID,
		Gone: rec.DirID != "" && rec.DirID != files.DirID(rec.Checkout.Dir),
	}, nil
}

// runIn is the run of c, going on or killed. Dir of its Checkout is that in which it began.
func runIn(c ports.Checkout) (Run, error) {
	projects, err := files.ProjectsDir()
	if err != nil {
		return Run{}, err
	}
	return runAt(filepath.Join(projects, c.Project, c.Instance, recordName))
}

// Place is the directory of r for people. Where that is gone, it names the verb that ends
// the run.
func (r Run) Place() string {
	if !r.Gone {
		return r.Checkout.Dir
	}
	return r.Checkout.Dir + ", which is gone: \"lhrun down --all\" ends it"
}

// Leftovers returns the processes that a killed run has left.
func (r Run) Leftovers() []supervisor.Leftover { return supervisor.Leftovers(r.record) }

// liveIn reports whether c runs, and the number of the directory in which that began.
func liveIn(c ports.Checkout) (dirID string, live bool) {
	r, err := runIn(c)
	return r.dirID, err == nil && r.Alive
}

// recordPaths are the records of all runs of this user that go on or were killed.
func recordPaths() []string {
	projects, err := files.ProjectsDir()
	if err != nil {
		return nil
	}
	// The path to it may hold what a pattern would take for its own.
	found, _ := fs.Glob(os.DirFS(projects), "*/*/"+recordName)
	for i, name := range found {
		found[i] = filepath.Join(projects, filepath.FromSlash(name))
	}
	return found
}

// runOf finds the checkout that was started from file and has not ended in order,
// whatever the file says by now, and whatever path its directory has.
func runOf(file string) (ports.Checkout, bool) {
	id := files.DirID(filepath.Dir(file))
	for _, r := range List() {
		moved := id != "" && r.dirID == id && filepath.Base(r.File) == filepath.Base(file)
		if r.File == file || r.Alive && moved {
			return r.Checkout, true
		}
	}
	return ports.Checkout{}, false
}
