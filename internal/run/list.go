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

	record supervisor.CrashRecord
}

// List returns all runs of this user, in the order of their projects' names.
func List() []Run {
	var runs []Run
	for _, path := range recordPaths() {
		rec, err := readRecord(path)
		if err != nil {
			continue // Garbled by a crash; the next run writes it anew.
		}
		instance := filepath.Dir(path) // The directories are named after the checkout.
		rec.Checkout.Project, rec.Checkout.Instance = filepath.Base(filepath.Dir(instance)), filepath.Base(instance)
		runs = append(runs, Run{
			Checkout: rec.Checkout, File: rec.File,
			PID: rec.Supervisor.PID, Alive: rec.Supervisor.Alive(), record: rec.CrashRecord,
			Gone: rec.DirID != "" && rec.DirID != files.DirID(rec.Checkout.Dir),
		})
	}
	return runs
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
	projects, err := files.ProjectsDir()
	if err != nil {
		return "", false
	}
	rec, err := readRecord(filepath.Join(projects, c.Project, c.Instance, recordName))
	return rec.DirID, err == nil && rec.Supervisor.Alive()
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
// whatever the file says by now.
func runOf(file string) (ports.Checkout, bool) {
	for _, r := range List() {
		if r.File == file {
			return r.Checkout, true
		}
	}
	return ports.Checkout{}, false
}
